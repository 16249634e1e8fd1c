import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let clients: McpClient[];
let repository: string;

beforeAll(async () => {
  world = new World();
  world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
  world.stub.script("MAKE-A-FILE", [
    { run: "echo made > made.txt && git add . && git commit -qm made" },
    { say: "Made." },
  ]);
  world.stub.script("NEVER-ENDING", [{ run: "sleep 600" }, { say: "Never said." }]);
  repository = await world.repository();
  clients = await Promise.all([world.client(), world.client()]);
});

afterAll(() => world.close());

const [ONE, TWO] = [0, 1] as const;
const clientAt = (index: number) => clients[index % 2] as McpClient;

test("eight tasks from two servers in one repository: eight worktrees, eight results", async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      clientAt(index).call("codex", {
        prompt: "MAKE-A-FILE",
        cwd: repository,
        topic: `implement-module_${index}-v1`,
        sandbox: "full-access",
      }),
    ),
  );
  for (const [index, answer] of answers.entries()) {
    expect(answer.data).toMatchObject({
      success: true,
      worktree_dir: join(world.root, `project-agent-implement-module_${index}`),
      commits_ahead: 1,
      files_changed: ["made.txt"],
    });
  }
  const worktrees = await world.run(repository, ["git", "worktree", "list", "--porcelain"]);
  expect(worktrees.match(/^branch refs\/heads\/agent\//gm)).toHaveLength(8);
  for (const client of clients) {
    const { data } = await client.call("codex_status", { status: "completed" });
    expect(data["tasks"]).toHaveLength(8);
  }
  await world.run(repository, ["git", "fsck", "--no-progress"]);
}, 60_000);

test("one topic started by two servers at the same moment, 50 times: exactly one start each time", async () => {
  const folder = world.folder("plain");
  for (let round = 0; round < 50; round++) {
    const request = { prompt: "SAY-HELLO", cwd: folder, topic: `review-race_${round}-v1`, sandbox: "read-only" };
    const answers = await Promise.all(clients.map((client) => client.call("codex_dispatch", request)));
    const refused = answers.filter((answer) => answer.isError);
    expect(refused.map((answer) => answer.data["code"])).toEqual(["task_running"]);
    expect(refused[0]?.data["hint"]).toContain(`codex-review-race_${round}-v1`);
  }
  const { data } = await clientAt(ONE).call("codex_status", { limit: 500, cwd: folder });
  expect(data["tasks"]).toHaveLength(50);
  for (let round = 0; round < 50; round++) {
    const id = `codex-review-race_${round}-v1`;
    expect(await world.waitForEnd(clientAt(TWO), id)).toMatchObject({ status: "completed", result: "Hello." });
    expect(readdirSync(join(world.stateHome, "tasks", id))).not.toContain("runs");
  }
}, 120_000);

test("v1 and v10 alive at once: status and cancel touch the right one", async () => {
  const start = (topic: string, cwd: string) =>
    clientAt(ONE).call("codex_dispatch", { prompt: "NEVER-ENDING", cwd, topic, sandbox: "full-access" });
  // Outside git the versions do not share a worktree, so both can run.
  const folder = world.folder("versions");
  await start("longrun-deep-v10", folder);
  await start("longrun-deep-v1", folder);
  expect((await world.sessions()).toSorted()).toEqual(["codex-longrun-deep-v1", "codex-longrun-deep-v10"]);
  const cancelled = await clientAt(TWO).call("codex_cancel", { task_id: "codex-longrun-deep-v1" });
  expect(cancelled.data).toMatchObject({ task_id: "codex-longrun-deep-v1", status: "cancelled" });
  expect(await world.sessions()).toEqual(["codex-longrun-deep-v10"]);
  const other = await clientAt(TWO).call("codex_status", { task_id: "codex-longrun-deep-v10" });
  expect(other.data).toMatchObject({ status: "running" });
  await clientAt(ONE).call("codex_cancel", { task_id: "codex-longrun-deep-v10" });
});

test("another version in a worktree where one runs is refused by name", async () => {
  const start = (topic: string) =>
    clientAt(ONE).call("codex_dispatch", { prompt: "NEVER-ENDING", cwd: repository, topic, sandbox: "full-access" });
  await start("longrun-shared-v1");
  const refused = await start("longrun-shared-v2");
  expect(refused.data).toMatchObject({ success: false, code: "worktree_busy" });
  expect(refused.data["error"]).toContain("codex-longrun-shared-v1");
  await clientAt(TWO).call("codex_cancel", { task_id: "codex-longrun-shared-v1" });
  expect((await start("longrun-shared-v2")).data).toMatchObject({ status: "running" });
  await clientAt(TWO).call("codex_cancel", { task_id: "codex-longrun-shared-v2" });
});

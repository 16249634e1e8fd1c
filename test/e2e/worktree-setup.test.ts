import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { McpClient, ToolAnswer } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;
let repo: string;
let number = 0;

beforeAll(async () => {
  world = new World();
  world.stub.script("LOOK", [{ say: "Looked." }]);
  client = await world.client();
});
beforeEach(async () => {
  repo = await world.repository(`project-${++number}`);
});
afterAll(() => world.close());

async function start(name: string, more: object = {}, from = client): Promise<ToolAnswer> {
  const topic = `implement-${name}_${number}-v1`;
  return from.call("codex", { prompt: "LOOK", cwd: repo, topic, sandbox: "full-access", ...more });
}

describe("CODEXMCP_WORKTREE_SETUP", () => {
  test("makes a new worktree ready, once, before Codex starts", async () => {
    const count = join(world.root, `count-${number}`);
    const setup = `echo installing; pwd; echo x >> '${count}'; mkdir node_modules; echo dep > node_modules/dep`;
    const from = await world.client({ CODEXMCP_WORKTREE_SETUP: setup });
    world.stub.script("USE-DEP", [{ run: "cat node_modules/dep" }, { say: "Used." }]);
    const first = await start("setup", { prompt: "USE-DEP" }, from);
    expect(first.data).toMatchObject({ success: true });
    const worktree = String(first.data["worktree_dir"]);
    expect(readFileSync(join(worktree, "node_modules", "dep"), "utf8")).toBe("dep\n");
    const log = join(world.stateHome, "tasks", String(first.data["task_id"]), "setup.log");
    expect(readFileSync(log, "utf8")).toBe(`installing\n${worktree}\n`);
    await start("setup", { topic: `implement-setup_${number}-v2` }, from);
    expect(readFileSync(count, "utf8")).toBe("x\n");
    await start("setup_reader", { sandbox: "read-only" }, from);
    expect(readFileSync(count, "utf8")).toBe("x\n");
  });

  test("one that fails is told, the worktree is kept, and the next task runs it again", async () => {
    const flag = join(world.root, `flag-${number}`);
    const from = await world.client({ CODEXMCP_WORKTREE_SETUP: `echo "no registry" >&2; test -e '${flag}'` });
    const { isError, data } = await start("broken", {}, from);
    expect(isError).toBe(true);
    expect(data).toMatchObject({ success: false, code: "setup_failed", status: "failed" });
    expect(data["error"]).toContain("no registry");
    expect(existsSync(String(data["worktree_dir"]))).toBe(true);
    writeFileSync(flag, "");
    expect((await start("broken", { topic: `implement-broken_${number}-v2` }, from)).data).toMatchObject({
      success: true,
    });
  });

  test("what it does can be seen; it keeps to timeout_seconds", async () => {
    const from = await world.client({ CODEXMCP_WORKTREE_SETUP: "echo added 12 packages; sleep 876" });
    const topic = `implement-long_${number}-v1`;
    await from.call("codex_dispatch", { prompt: "LOOK", cwd: repo, topic, sandbox: "full-access", timeout_seconds: 2 });
    const wait = { task_ids: [`codex-${topic}`], timeout_seconds: 1 };
    const { data } = await from.call("codex_wait", wait);
    expect(data["running"]).toMatchObject([{ activity: "setting up the worktree: added 12 packages" }]);
    expect((await from.call("codex_wait", { ...wait, timeout_seconds: 20 })).data).toMatchObject({
      done: [{ code: "timeout" }],
    });
    expect(world.processes().some(({ command }) => command.startsWith("sleep 876"))).toBe(false);
  });

  test("a cancel while it runs leaves no process of it", async () => {
    const from = await world.client({ CODEXMCP_WORKTREE_SETUP: "setsid sleep 876 & sleep 876" });
    const topic = `implement-slow_${number}-v1`;
    await from.call("codex_dispatch", { prompt: "LOOK", cwd: repo, topic, sandbox: "full-access" });
    const isThere = () => world.processes().some(({ command }) => command.startsWith("sleep 876"));
    await world.until(isThere);
    expect((await from.call("codex_cancel", { task_id: `codex-${topic}` })).data).toMatchObject({
      status: "cancelled",
    });
    expect(isThere()).toBe(false);
  });

  test("a repository cannot name one", async () => {
    writeFileSync(join(repo, ".env"), "CODEXMCP_WORKTREE_SETUP=touch pwned\n");
    writeFileSync(join(repo, ".worktreesetup"), "touch pwned\n");
    const worktree = String((await start("hostile")).data["worktree_dir"]);
    expect(existsSync(join(worktree, "pwned"))).toBe(false);
  });
});

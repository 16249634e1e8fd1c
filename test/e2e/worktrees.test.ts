import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;
let repo: string;

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  world.stub.script("WORK", [{ run: "echo work > $(basename $PWD).txt" }, { say: "Worked." }]);
  world.stub.script("ENDLESS", [{ end: "hang" }]);
  client = await world.client();
  for (const name of ["merged", "open", "draft", "gone", "busy"]) await work(`implement-${name}-v1`);
  await client.call("codex_merge", { task_ids: ["codex-implement-merged-v1", "codex-implement-draft-v1"] });
  writeFileSync(join(at("draft"), "draft.txt"), "not committed\n");
  await world.run(repo, ["git", "branch", "agent/implement-mine"]);
  await work("implement-mine-v1");
  await client.call("codex_merge", { task_ids: ["codex-implement-mine-v1"] });
  rmSync(at("gone"), { recursive: true });
  const busy = { prompt: "ENDLESS", cwd: repo, topic: "implement-busy-v2", sandbox: "full-access" };
  await client.call("codex_dispatch", busy);
});
afterAll(() => world.close());

const at = (name: string) => join(world.root, `project-agent-implement-${name}`);
const git = (...args: string[]) => world.run(repo, ["git", ...args]);
const cli = (...args: string[]) => runCli(world, args);

async function work(topic: string): Promise<void> {
  const { data } = await client.call("codex", { prompt: "WORK", cwd: repo, topic, sandbox: "full-access" });
  expect(data).toMatchObject({ success: true });
}

interface Report {
  agent_branch: string;
  state: string;
  ahead: number;
  is_merged: boolean;
}

test("worktrees: what stands where, and how it stands", async () => {
  const { worktrees } = JSON.parse((await cli("worktrees", "--json")).stdout) as { worktrees: Report[] };
  const by = (name: string) => worktrees.find(({ agent_branch }) => agent_branch === `agent/implement-${name}`);
  expect(by("merged")).toMatchObject({ state: "idle", is_merged: true, made_here: true, has_uncommitted_work: false });
  expect(by("open")).toMatchObject({ state: "idle", is_merged: false, ahead: 1, behind: 3 });
  expect(by("draft")).toMatchObject({ is_merged: false, has_uncommitted_work: true });
  expect(by("gone")).toMatchObject({ state: "gone", is_merged: false, bytes: 0 });
  expect(by("busy")).toMatchObject({ state: "running", last_task: { task_id: "codex-implement-busy-v2" } });
  expect(by("mine")).toMatchObject({ made_here: false, is_merged: true });
  expect((await cli("worktrees")).stdout).toMatch(/agent\/implement-draft +project +idle, uncommitted changes +1/);
});

test("a worktree in which a task works is locked for git, with the reason, and not after it", async () => {
  expect(await git("worktree", "list", "--porcelain")).toContain(
    "locked codex-mcp-server: codex-implement-busy-v2 is running",
  );
  const refused = await cli("discard", "implement-busy-v2");
  expect(refused.stderr).toContain("worktree_busy");
  expect(await git("worktree", "list", "--porcelain").then((list) => list.match(/^locked/gm)?.length)).toBe(1);
});

test("clean --merged: says which, and with --yes removes those alone; each can be restored", async () => {
  const dry = await cli("clean", "--merged");
  expect(dry.stdout).toContain("would remove");
  expect(dry.stdout.match(/would remove/g)).toHaveLength(1);
  expect(existsSync(at("merged"))).toBe(true);
  const done = await cli("clean", "--merged", "--yes");
  expect(done.stdout).toMatch(/removed .*project-agent-implement-merged .*saved as refs\/codexmcp\/salvage/);
  for (const name of ["open", "draft", "busy", "mine"]) expect(existsSync(at(name))).toBe(true);
  expect(existsSync(at("merged"))).toBe(false);
  await cli("restore", "implement-merged");
  expect(readFileSync(join(at("merged"), "project-agent-implement-merged.txt"), "utf8")).toBe("work\n");
});

test("clean --gone: git's record goes, the branch stays", async () => {
  expect((await cli("clean", "--gone", "--yes")).stdout).toContain("removed");
  expect(await git("worktree", "list")).not.toContain("implement-gone");
  expect(await git("branch", "--list", "agent/implement-gone")).toContain("agent/implement-gone");
});

test("clean --worktrees --older-than: by age; what is not ours or runs stays whatever its age", async () => {
  expect((await cli("clean", "--worktrees", "--older-than", "1d")).stdout).toBe("No matching worktrees.\n");
  await cli("clean", "--worktrees", "--older-than", "0s", "--yes");
  for (const name of ["open", "draft", "merged"]) expect(existsSync(at(name))).toBe(false);
  for (const name of ["busy", "mine"]) expect(existsSync(at(name))).toBe(true);
  await cli("restore", "implement-draft");
  expect(readFileSync(join(at("draft"), "draft.txt"), "utf8")).toBe("not committed\n");
});

test("a lock of somebody else's is kept to", async () => {
  await git("worktree", "lock", "--reason", "on a stick", at("draft"));
  const { data } = await client.call("codex_discard", { task_id: "codex-implement-draft-v1" });
  expect(data).toMatchObject({ code: "worktree_locked" });
  expect(data["error"]).toContain("on a stick");
  expect((await cli("clean", "--worktrees", "--yes")).stdout).toMatch(/kept .*draft.*on a stick/);
  await git("worktree", "unlock", at("draft"));
});

test("what was discarded is kept, and given up by clean alone after 90 days, which says so first", async () => {
  const refs = () => git("for-each-ref", "--format=%(refname)", "refs/codexmcp/salvage/agent/implement-open");
  const [ref = ""] = (await refs()).trim().split("\n");
  expect((await cli("clean")).stdout).toBe("Nothing to remove.\n");
  const commit = ["git", "commit-tree", "-m", "Aged", `${ref}^{tree}`];
  const aged = await world.run(repo, ["env", "GIT_COMMITTER_DATE=2020-01-01T00:00:00Z", ...commit]);
  await git("update-ref", ref, aged.trim());
  expect((await cli("clean")).stdout).toContain("would remove saved worktree of agent/implement-open");
  expect(await refs()).not.toBe("");
  await cli("clean", "--yes");
  expect(await refs()).toBe("");
});

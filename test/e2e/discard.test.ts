import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { portray } from "../support/random-worktree.ts";
import { World } from "../support/world.ts";

let world: World;
let client: McpClient;
let repo: string;

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  writeFileSync(join(repo, ".gitignore"), "node_modules/\n.env\n");
  await world.run(repo, ["git", "add", "."]);
  await world.run(repo, ["git", "commit", "--quiet", "-m", "Ignore"]);
  const commands =
    "echo one > one.txt; git add one.txt; git commit -qm One; echo two > two.txt; git add two.txt; echo three > three.txt";
  world.stub.script("WORK", [{ run: `${commands}; echo SECRET=1 > .env` }, { say: "Worked." }]);
  world.stub.script("ENDLESS", [{ end: "hang" }]);
  client = await world.client();
});
afterAll(() => world.close());

async function work(topic: string): Promise<string> {
  const args = { prompt: "WORK", cwd: repo, topic, sandbox: "full-access" };
  const { data } = await client.call("codex", args);
  expect(data).toMatchObject({ success: true });
  return String(data["worktree_dir"]);
}

const discard = (task: string, more: object = {}) =>
  client.call("codex_discard", { task_id: `codex-${task}`, ...more });
const branches = () => world.run(repo, ["git", "branch", "--format=%(refname:short)"]);

test("a worktree is discarded with its branch, and restored as it was; a new version of its topic works in it", async () => {
  const worktree = await work("implement-life-v1");
  const before = await portray(worktree);
  const gone = await discard("implement-life-v1");
  expect(gone.data).toMatchObject({ worktree_dir: worktree, agent_branch: "agent/implement-life", not_saved: [] });
  expect(existsSync(worktree)).toBe(false);
  expect(await branches()).toBe("main\n");
  expect((await discard("implement-life-v1")).data).toMatchObject({ code: "worktree_gone" });
  const back = await discard("implement-life-v1", { restore: true });
  expect(back.data).toMatchObject({ worktree_dir: worktree, salvage: gone.data["salvage"] });
  expect(await portray(worktree)).toEqual(before);
  expect((await discard("implement-life-v1", { restore: true })).data).toMatchObject({ code: "worktree_path_taken" });
  expect(await work("implement-life-v2")).toBe(worktree);
  expect(readFileSync(join(worktree, ".env"), "utf8")).toBe("SECRET=1\n");
});

test("by the command line too", async () => {
  const worktree = await work("implement-shell-v1");
  const { stdout, exitCode } = await runCli(world, ["discard", "implement-shell"]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain("codex-mcp-server restore codex-implement-shell-v1");
  expect(existsSync(worktree)).toBe(false);
  expect((await runCli(world, ["restore", "implement-shell"])).stdout).toContain("restored");
  expect(readFileSync(join(worktree, "three.txt"), "utf8")).toBe("three\n");
});

describe("refused, with nothing changed", () => {
  test("while a task works there", async () => {
    const worktree = await work("implement-busy-v1");
    const args = { prompt: "ENDLESS", cwd: repo, topic: "implement-busy-v2", sandbox: "full-access" };
    await client.call("codex_dispatch", args);
    expect((await discard("implement-busy-v1")).data).toMatchObject({ code: "worktree_busy" });
    expect(existsSync(join(worktree, "two.txt"))).toBe(true);
    await client.call("codex_cancel", { task_id: "codex-implement-busy-v2" });
  });

  test("a branch that was there before the task", async () => {
    await world.run(repo, ["git", "branch", "agent/implement-mine"]);
    const worktree = await work("implement-mine-v1");
    expect((await discard("implement-mine-v1")).data).toMatchObject({ code: "worktree_not_ours" });
    expect(existsSync(worktree)).toBe(true);
  });

  test("a task without a worktree", async () => {
    await client.call("codex", { prompt: "WORK", cwd: repo, topic: "review-none-v1", sandbox: "read-only" });
    expect((await discard("review-none-v1")).data).toMatchObject({ code: "no_worktree" });
    expect((await discard("implement-none-v1")).data).toMatchObject({ code: "unknown_task" });
  });

  test("a repository within it", async () => {
    const worktree = await work("implement-nested-v1");
    await world.run(worktree, ["git", "init", "--quiet", "vendor/thing"]);
    const { data } = await discard("implement-nested-v1");
    expect(data).toMatchObject({ code: "worktree_has_repositories" });
    expect(data["error"]).toContain("vendor/thing");
    expect(existsSync(join(worktree, "vendor", "thing"))).toBe(true);
  });

  test("much that git ignores, unless it may be given up; small ignored files are saved even then", async () => {
    const worktree = await work("implement-heavy-v1");
    mkdirSync(join(worktree, "node_modules"));
    writeFileSync(join(worktree, "node_modules", "large.bin"), Buffer.alloc(101 * 1024 * 1024));
    const refused = await discard("implement-heavy-v1");
    expect(refused.data).toMatchObject({ code: "ignored_too_large" });
    expect(refused.data["error"]).toContain("node_modules (101 MB)");
    const gone = await discard("implement-heavy-v1", { skip_large_ignored: true });
    expect(gone.data).toMatchObject({ not_saved: ["node_modules"], given_up: ["node_modules"] });
    expect((await discard("implement-heavy-v1", { restore: true })).data).toMatchObject({
      not_saved: ["node_modules"],
    });
    expect(existsSync(join(worktree, "node_modules"))).toBe(false);
    expect(readFileSync(join(worktree, ".env"), "utf8")).toBe("SECRET=1\n");
  });

  test("a branch of its name that is another one by now: it is not restored over it", async () => {
    const worktree = await work("implement-taken-v1");
    await discard("implement-taken-v1");
    await world.run(repo, ["git", "branch", "agent/implement-taken"]);
    expect((await discard("implement-taken-v1", { restore: true })).data).toMatchObject({ code: "branch_exists" });
    expect(existsSync(worktree)).toBe(false);
    await world.run(repo, ["git", "branch", "-D", "agent/implement-taken"]);
    await discard("implement-taken-v1", { restore: true });
    expect(existsSync(join(worktree, "two.txt"))).toBe(true);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { GitWorld } from "../support/git-world.ts";

let world: GitWorld;
let client: McpClient;

beforeAll(async () => {
  world = new GitWorld();
  world.stub.script("WORK", [{ run: "pwd > where.txt" }, { say: "Worked." }]);
  world.stub.script("MORE", [{ run: "echo more > more.txt" }, { say: "Worked." }]);
  client = await world.own;
});
afterAll(() => world.close());

const git = (folder: string, ...args: string[]) => world.git(folder, ...args);
const start: GitWorld["start"] = (...task) => world.start(...task);
const fill = (folder: string) => world.fill(folder);

describe("a cwd that no commit holds", () => {
  let repo: string;

  beforeAll(async () => {
    repo = await fill(await world.repository("holds"));
    writeFileSync(join(repo, ".gitignore"), "projects/\n");
    await git(repo, "add", ".");
    await git(repo, "commit", "--quiet", "-m", "Ignore");
    for (const folder of ["projects/app", "new/folder", "empty"]) mkdirSync(join(repo, folder), { recursive: true });
    for (const folder of ["projects/app", "new/folder"]) writeFileSync(join(repo, folder, "x.txt"), "x\n");
  });

  test.each([
    ["projects/app", false, "read-only task"],
    ["projects/app", true, "read-only task"],
    ["new/folder", false, "include_uncommitted: true"],
    ["empty", true, "read-only task"],
  ])("%s, include_uncommitted %p: refused before anything is made", async (folder, include, advice) => {
    const more = { include_uncommitted: include };
    const data = await start(join(repo, folder), "implement-refused-v1", more);
    expect(data).toMatchObject({ code: "no_commit_holds_cwd" });
    expect(data["error"]).toContain(folder);
    expect(data["hint"]).toContain(advice);
    expect(data["task_id"]).toBeUndefined();
    expect(await git(repo, "branch", "--list", "agent/implement-refused")).toBe("");
    expect(existsSync(join(world.root, "holds-agent-implement-refused"))).toBe(false);
  });

  test("where what is uncommitted holds it, the task runs there; also in its next version", async () => {
    const cwd = join(repo, "new", "folder");
    const data = await start(cwd, "implement-held-v1", { include_uncommitted: true });
    expect(data).toMatchObject({ success: true, files_changed: ["new/folder/where.txt"] });
    expect(existsSync(join(String(data["worktree_dir"]), "new", "folder", "x.txt"))).toBe(true);
    expect(await start(cwd, "implement-held-v2")).toMatchObject({ success: true });
    expect(await start(join(repo, "src"), "implement-held-v3")).toMatchObject({ success: true });
    expect(await start(join(repo, "empty"), "implement-held-v4")).toMatchObject({ code: "no_commit_holds_cwd" });
  });

  test("names that git takes for patterns are names", async () => {
    const cwd = join(repo, ":(top)s*", "[x]");
    mkdirSync(cwd, { recursive: true });
    expect(await start(cwd, "implement-odd-v1")).toMatchObject({ code: "no_commit_holds_cwd" });
    writeFileSync(join(cwd, "x.txt"), "x\n");
    const data = await start(cwd, "implement-odd-v1", { include_uncommitted: true });
    expect(data).toMatchObject({ success: true, files_changed: [":(top)s*/[x]/where.txt"] });
  });

  test("another base has, or lacks, the folder", async () => {
    await git(repo, "switch", "--quiet", "-c", "side");
    await git(repo, "add", "new");
    await git(repo, "commit", "--quiet", "-m", "New");
    const cwd = join(repo, "new", "folder");
    expect(await start(cwd, "implement-lacks-v1", { base: "main" })).toMatchObject({ code: "no_commit_holds_cwd" });
    expect(await start(cwd, "implement-has-v1")).toMatchObject({ success: true });
  });
});

describe("names", () => {
  test("a folder with a long name and a long topic: the worktree's name is shortened, and found again", async () => {
    const repo = await fill(await world.repository("é".repeat(115)));
    const topic = `implement-${"x".repeat(100)}`;
    const data = await start(repo, `${topic}-v1`);
    expect(data).toMatchObject({ success: true });
    expect(Buffer.byteLength(basename(String(data["worktree_dir"])))).toBeLessThanOrEqual(200);
    expect(await start(repo, `${topic}-v2`)).toMatchObject({ success: true, worktree_dir: data["worktree_dir"] });
    const merged = await client.call("codex_merge", { task_ids: [data["task_id"]] });
    expect(merged.data).toMatchObject({ success: true });
    const discarded = await client.call("codex_discard", { task_id: data["task_id"] });
    expect(discarded.isError).toBe(false);
    const restored = await client.call("codex_discard", { task_id: data["task_id"], restore: true });
    expect(restored.isError).toBe(false);
  });

  test("a path that is too long as a whole is refused as such", async () => {
    const repo = await fill(await world.repository("too-long"));
    const deep = join(world.root, ...Array.from({ length: 20 }, () => "d".repeat(220)));
    const server = await world.client({ CODEXMCP_WORKTREES: deep });
    const { data } = await server.call("codex", {
      prompt: "WORK",
      cwd: repo,
      topic: "implement-deep-v1",
      sandbox: "full-access",
    });
    expect(data).toMatchObject({ code: "name_too_long" });
    expect(data["hint"]).toContain("CODEXMCP_WORKTREES");
    expect(await git(repo, "branch", "--list", "agent/*")).toBe("");
  });

  test("branches that stand in the way of agent/…: the refusal names the command that helps", async () => {
    for (const [index, blocking] of ["agent", "agent/implement-blocked_1/part"].entries()) {
      const repo = await fill(await world.repository(`blocked-${index}`));
      await git(repo, "branch", blocking);
      const data = await start(repo, `implement-blocked_${index}-v1`);
      expect(data).toMatchObject({ code: "branch_blocked" });
      const [, command = ""] = /\((git branch -m .*)\)/.exec(String(data["hint"])) ?? [];
      await world.run(repo, ["/bin/sh", "-c", command]);
      expect(await start(repo, `implement-blocked_${index}-v1`)).toMatchObject({ success: true });
    }
  });

  test("lock files that a killed git has left are named, with what to do", async () => {
    const repo = await fill(await world.repository("locks"));
    mkdirSync(join(repo, ".git", "refs", "heads", "agent"), { recursive: true });
    const lock = join(repo, ".git", "refs", "heads", "agent", "implement-locks.lock");
    writeFileSync(lock, "");
    const data = await start(repo, "implement-locks-v1");
    expect(data).toMatchObject({ code: "repository_locked" });
    const [, command = ""] = /\((rm '.*')\)/.exec(String(data["hint"])) ?? [];
    expect(command).toContain(lock);
    await world.run(repo, ["/bin/sh", "-c", command]);
    expect(await start(repo, "implement-locks-v1")).toMatchObject({ success: true });
  });

  test("something that git does not know stands where it would keep the branch", async () => {
    const repo = await fill(await world.repository("junk"));
    const folder = join(repo, ".git", "refs", "heads", "agent", "implement-junk");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "note.tmp~"), "");
    const data = await start(repo, "implement-junk-v1");
    expect(data).toMatchObject({ code: "branch_blocked" });
    expect(`${String(data["error"])} ${String(data["hint"])}`).toContain("implement-junk");
  });
});

describe("moved", () => {
  const refusal = async (repo: string, topic: string) => {
    const data = await start(repo, topic);
    expect(data["code"]).toBe("worktree_moved");
    const [, command = ""] = /\((git -C .*)\)/.exec(String(data["hint"])) ?? [];
    return command;
  };

  test("a repository that was renamed: the refusal names the command that joins them again", async () => {
    const repo = await world.repository("named");
    const data = await start(repo, "implement-named-v1");
    renameSync(repo, join(world.root, "renamed"));
    const command = await refusal(join(world.root, "renamed"), "implement-named-v2");
    expect(command).toContain(String(data["worktree_dir"]));
    await world.run(world.root, ["/bin/sh", "-c", command]);
    const after = await start(join(world.root, "renamed"), "implement-named-v2", { prompt: "MORE" });
    expect(after).toMatchObject({ success: true, worktree_dir: data["worktree_dir"] });
  });

  test("a worktree that was pruned where it could not be seen: the command that is named gives it a place again", async () => {
    const repo = await world.repository("pruned");
    const data = await start(repo, "implement-pruned-v1");
    const worktree = String(data["worktree_dir"]);
    renameSync(worktree, `${worktree}-away`);
    await git(repo, "worktree", "prune");
    renameSync(`${worktree}-away`, worktree);
    const refused = await start(repo, "implement-pruned-v2");
    expect(refused["code"]).toBe("worktree_moved");
    const [, command = ""] = /(mv '.*?' '.*?')/.exec(String(refused["hint"])) ?? [];
    await world.run(world.root, ["/bin/sh", "-c", command]);
    expect(await start(repo, "implement-pruned-v2", { prompt: "MORE" })).toMatchObject({
      success: true,
      worktree_dir: worktree,
      commits_ahead: 2,
    });
  });

  test("a worktree that was moved by hand to where it would be made", async () => {
    const repo = await world.repository("by-hand");
    const server = await world.client({ CODEXMCP_WORKTREES: join(world.root, "first-place") });
    await server.call("codex", { prompt: "WORK", cwd: repo, topic: "implement-hand-v1", sandbox: "full-access" });
    const usual = join(world.root, "by-hand-agent-implement-hand");
    renameSync(join(world.root, "first-place", basename(usual)), usual);
    const command = await refusal(repo, "implement-hand-v2");
    await world.run(world.root, ["/bin/sh", "-c", command]);
    expect(await start(repo, "implement-hand-v2", { prompt: "MORE" })).toMatchObject({
      success: true,
      worktree_dir: usual,
      commits_ahead: 2,
    });
  });

  test("a repository that was moved with its worktrees", async () => {
    const repo = await world.repository("here/whole");
    await start(repo, "implement-whole-v1");
    renameSync(join(world.root, "here"), join(world.root, "there"));
    const moved = join(world.root, "there", "whole");
    const command = await refusal(moved, "implement-whole-v2");
    await world.run(world.root, ["/bin/sh", "-c", command]);
    const after = await start(moved, "implement-whole-v2", { prompt: "MORE" });
    const worktree = realpathSync(join(world.root, "there", "whole-agent-implement-whole"));
    expect(after).toMatchObject({ success: true, worktree_dir: worktree });
    expect(existsSync(join(world.root, "here"))).toBe(false);
  });
});

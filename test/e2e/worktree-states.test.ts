import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { portray } from "../support/random-worktree.ts";
import { World } from "../support/world.ts";

// What is said of a worktree is true of what is checked out there, and git's own refusals hold.

let world: World;
let client: McpClient;
let repo: string;

const at = (name: string) => join(world.root, `project-agent-implement-${name}`);
const git = (folder: string, ...args: string[]) => world.git(folder, ...args);
const cli = (...args: string[]) => runCli(world, args, {}, repo);

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  world.stub.script("WORK", [{ run: "echo work > $(basename $PWD).txt" }, { say: "Worked." }]);
  world.stub.script("IDLE", [{ say: "Nothing to do." }]);
  world.stub.script("ENDLESS", [{ end: "hang" }]);
  client = await world.client();
});
afterAll(() => world.close());

async function work(name: string, prompt = "WORK"): Promise<string> {
  const request = { prompt, cwd: repo, topic: `implement-${name}-v1`, sandbox: "full-access" };
  const { data } = await client.call("codex", request);
  expect(data).toMatchObject({ success: true });
  return at(name);
}

async function reportOn(name: string): Promise<Record<string, unknown>> {
  const { worktrees } = JSON.parse((await cli("worktrees", "--json")).stdout) as {
    worktrees: Record<string, unknown>[];
  };
  return worktrees.find((each) => each["worktree_dir"] === at(name)) ?? {};
}

const discard = (name: string, more: object = {}) =>
  client.call("codex_discard", { task_id: `codex-implement-${name}-v1`, ...more });

describe("merged means that there was work, and that all of it is in the base", () => {
  test("a worktree without work has no changes: fresh, running, or after main went on", async () => {
    await work("fresh", "IDLE");
    const request = { prompt: "ENDLESS", cwd: repo, topic: "implement-busy-v1", sandbox: "full-access" };
    await client.call("codex_dispatch", request);
    await git(repo, "commit", "--quiet", "--allow-empty", "-m", "Goes on");
    for (const name of ["fresh", "busy"]) {
      expect(await reportOn(name)).toMatchObject({ is_merged: false, is_unchanged: true, ahead: 0, behind: 1 });
    }
    expect((await cli("worktrees")).stdout).toMatch(/agent\/implement-fresh +project +idle, no changes +0 +1/);
    expect((await cli("clean", "--merged", "--yes")).stdout).toBe("No matching worktrees.\n");
    await client.call("codex_cancel", { task_id: "codex-implement-busy-v1" });
  });

  test("a file that is not committed is a change, whatever its kind", async () => {
    writeFileSync(join(at("fresh"), "new.txt"), "new\n");
    expect(await reportOn("fresh")).toMatchObject({ has_uncommitted_work: true, is_unchanged: false });
    rmSync(join(at("fresh"), "new.txt"));
  });

  test("clean --unchanged removes those alone, --merged the others, both both", async () => {
    await work("done");
    await client.call("codex_merge", { task_ids: ["codex-implement-done-v1"] });
    expect(await reportOn("done")).toMatchObject({ is_merged: true, is_unchanged: false });
    const unchanged = await cli("clean", "--unchanged");
    expect(unchanged.stdout).toContain("implement-fresh");
    expect(unchanged.stdout).not.toContain("implement-done");
    expect((await cli("clean", "--merged")).stdout).not.toContain("implement-fresh");
    const both = await cli("clean", "--merged", "--unchanged", "--yes");
    for (const name of ["fresh", "done"]) expect(both.stdout).toMatch(new RegExp(`removed \\S*implement-${name} `));
  });

  test("work that was merged and taken back is not merged", async () => {
    await work("taken");
    const before = await git(repo, "rev-parse", "main");
    await client.call("codex_merge", { task_ids: ["codex-implement-taken-v1"] });
    expect(await reportOn("taken")).toMatchObject({ is_merged: true });
    await git(repo, "reset", "--quiet", "--hard", before);
    expect(await reportOn("taken")).toMatchObject({ is_merged: false, is_unchanged: false, ahead: 1 });
  });
});

describe("another branch than the agent's is checked out", () => {
  test("it is named, never merged, and discarded with its commits, while that branch stays", async () => {
    const worktree = await work("side", "IDLE");
    await git(worktree, "switch", "--quiet", "-c", "feature/x");
    writeFileSync(join(worktree, "side.txt"), "side\n");
    await git(worktree, "add", ".");
    await git(worktree, "commit", "--quiet", "-m", "On the side");
    const tip = await git(worktree, "rev-parse", "HEAD");
    const expected = { on_branch: "feature/x", is_merged: false, is_unchanged: false, ahead: 1 };
    expect(await reportOn("side")).toMatchObject(expected);
    expect((await cli("worktrees")).stdout).toMatch(/agent\/implement-side +project +idle, on feature\/x +1/);
    await cli("clean", "--merged", "--unchanged", "--yes");
    expect(existsSync(worktree)).toBe(true);
    const before = await portray(worktree);
    const { data } = await discard("side");
    expect(await git(repo, "rev-parse", "feature/x")).toBe(tip);
    await git(repo, "merge-base", "--is-ancestor", tip, String(data["salvage"]));
    await discard("side", { restore: true });
    expect(await portray(worktree)).toEqual(before);
  });

  test("restored after that branch moved: the commit that was checked out is, and the branch is left alone", async () => {
    const tip = await git(at("side"), "rev-parse", "HEAD");
    await discard("side");
    await git(repo, "branch", "--force", "feature/x", "main");
    const { data } = await discard("side", { restore: true });
    expect(data).toMatchObject({ detached_from: "feature/x" });
    expect(await git(at("side"), "rev-parse", "HEAD")).toBe(tip);
    expect(await git(at("side"), "branch", "--show-current")).toBe("");
    expect(await git(repo, "rev-parse", "feature/x")).toBe(await git(repo, "rev-parse", "main"));
  });

  test("a detached HEAD's commits are kept too", async () => {
    expect(await reportOn("side")).toMatchObject({ on_branch: "(detached HEAD)", is_merged: false, ahead: 1 });
    const tip = await git(at("side"), "rev-parse", "HEAD");
    const { data } = await discard("side");
    await git(repo, "merge-base", "--is-ancestor", tip, String(data["salvage"]));
    await git(repo, "branch", "--quiet", "-D", "feature/x");
  });
});

describe("discard refuses what git refuses, with nothing changed", () => {
  test("the branch is checked out elsewhere, being rebased or being bisected there", async () => {
    const worktree = await work("used");
    await git(worktree, "switch", "--quiet", "--detach");
    await git(repo, "switch", "--quiet", "agent/implement-used");
    expect((await discard("used")).data).toMatchObject({ code: "branch_in_use" });
    await git(repo, "bisect", "start");
    await git(repo, "switch", "--quiet", "--detach");
    const refused = await discard("used");
    expect(refused.data["error"]).toBe(`Branch agent/implement-used is being bisected in ${repo}.`);
    await git(repo, "bisect", "reset");
    writeFileSync(join(repo, "project-agent-implement-used.txt"), "conflict\n");
    await git(repo, "switch", "--quiet", "main", "--force");
    writeFileSync(join(repo, "project-agent-implement-used.txt"), "conflict\n");
    await git(repo, "add", ".");
    await git(repo, "commit", "--quiet", "-m", "Conflicts");
    await git(repo, "switch", "--quiet", "agent/implement-used");
    await git(repo, "rebase", "main").catch(() => {});
    expect((await discard("used")).data["error"]).toBe(`Branch agent/implement-used is being rebased in ${repo}.`);
    expect((await cli("clean", "--worktrees", "--yes")).stdout).toMatch(/kept \S*used .*being rebased/);
    expect(existsSync(join(worktree, ".git"))).toBe(true);
    await git(repo, "rebase", "--abort");
    await git(repo, "switch", "--quiet", "main");
    expect((await discard("used")).data).toMatchObject({ worktree_dir: worktree });
  });
});

describe("restore without the task's record", () => {
  test("by branch, topic, id or ref; in the list of what is kept; ambiguous ones are named", async () => {
    const worktree = await work("old");
    writeFileSync(join(worktree, "draft.txt"), "x".repeat(5000));
    const bytes = Number(await world.run(worktree, ["sh", "-c", "cat * | wc -c"]));
    const discarded = await discard("old");
    await cli("clean", "--keep", "0", "--yes");
    expect((await cli("tasks")).stdout).not.toContain("implement-old");
    const list = await cli("restore", "--list", "--json");
    const { discarded: kept } = JSON.parse(list.stdout) as { discarded: Record<string, unknown>[] };
    const own = kept.find(({ salvage }) => salvage === discarded.data["salvage"]);
    expect(own).toMatchObject({ agent_branch: "agent/implement-old", repository: join(repo, ".git") });
    expect(own).toMatchObject({ worktree_dir: worktree });
    expect(own?.["bytes"]).toBe(bytes);
    expect((await cli("restore", "--list")).stdout).toMatch(/agent\/implement-old +\ds ago +\d{4}-\d\d-\d\d +5\.0 kB/);
    const names = [
      "agent/implement-old",
      "implement-old",
      "implement-old-v1",
      "codex-implement-old-v1",
      String(own?.["salvage"]),
    ];
    for (const name of names) {
      expect(await runCli(world, ["restore", name])).toMatchObject({ stderr: "", exitCode: 0 });
      expect(existsSync(join(worktree, "draft.txt"))).toBe(true);
      await world.run(repo, ["git", "worktree", "remove", "--force", worktree]);
      await git(repo, "branch", "--quiet", "-D", "agent/implement-old");
    }
    const back = await client.call("codex_discard", { task_id: "agent/implement-old", restore: true });
    expect(back.data).toMatchObject({ worktree_dir: worktree, agent_branch: "agent/implement-old" });
    expect((await cli("restore", "agent/implement-never")).stderr).toContain("unknown_task");
  });

  test("of several repositories that keep one, the current folder's comes first, else all are named", async () => {
    const other = await world.repository("other");
    const request = { prompt: "WORK", topic: "implement-twice-v1", sandbox: "full-access" };
    for (const cwd of [repo, other]) {
      const { data } = await client.call("codex", { ...request, cwd });
      await client.call("codex_discard", { task_id: data["task_id"] });
    }
    await cli("clean", "--keep", "0", "--yes");
    const refused = await runCli(world, ["restore", "agent/implement-twice"]);
    expect(refused.stderr).toContain(join(repo, ".git"));
    expect(refused.stderr).toContain(join(other, ".git"));
    const within = join(other, "sub");
    mkdirSync(within);
    expect(await runCli(world, ["restore", "agent/implement-twice"], {}, within)).toMatchObject({ exitCode: 0 });
    expect(existsSync(join(world.root, "other-agent-implement-twice"))).toBe(true);
    expect(existsSync(at("twice"))).toBe(false);
  });
});

describe("the list", () => {
  test("says what it does not know in time, and holds nothing else up", async () => {
    await work("slow");
    await work("quick");
    const real = Bun.which("git") ?? "";
    const slow = `#!/bin/sh\ncase "$PWD $*" in *implement-slow*" status "*) exec sleep 300;; esac\nexec ${real} "$@"\n`;
    writeFileSync(join(world.root, "bin", "git"), slow, { mode: 0o755 });
    const [report, other] = [await reportOn("slow"), await reportOn("quick")];
    const table = await cli("worktrees");
    rmSync(join(world.root, "bin", "git"));
    const unknown = { has_uncommitted_work: true, is_work_unknown: true, is_merged: false, is_unchanged: false };
    expect(report).toMatchObject({ state: "idle", ahead: 1, ...unknown });
    expect(other).toMatchObject({ has_uncommitted_work: false });
    expect(other).not.toHaveProperty("is_work_unknown");
    expect(table.stdout).toMatch(/agent\/implement-slow +project +idle, not checked +1/);
    expect(table.stdout).toContain("--exact");
    expect((await cli("worktrees", "--exact")).stdout).not.toContain("not checked");
  });

  test("is whole while something writes to a worktree, and removes from it", async () => {
    const folder = join(at("quick"), "build");
    const writer = `while :; do mkdir -p '${folder}/a/b'; touch '${folder}'/a/b/1 '${folder}'/a/2; rm -rf '${folder}/a'; done`;
    const writing = Bun.spawn(["sh", "-c", writer], { stdio: ["ignore", "ignore", "ignore"] });
    try {
      for (let round = 0; round < 4; round++) {
        const { stderr, exitCode } = await cli("worktrees", "--json");
        expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
        expect(await reportOn("quick")).toMatchObject({ state: "idle", agent_branch: "agent/implement-quick" });
      }
    } finally {
      writing.kill();
      await writing.exited;
    }
  });
});

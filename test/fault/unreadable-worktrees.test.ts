import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "bun";
import { giveToUser, isRoot, runAsUser } from "../support/as-user.ts";
import { runCli } from "../support/command-line.ts";
import { put } from "../support/files.ts";
import { World } from "../support/world.ts";

// One worktree or repository that cannot be read keeps no other from being listed, discarded and cleaned.

if (!isRoot) console.warn("SKIPPED: what another user owns, since only root can give it to him");

interface Report {
  agent_branch: string;
  state: string;
  problem?: string;
  has_uncommitted_work: boolean;
  is_work_unknown?: true;
  has_more_bytes?: true;
  is_merged: boolean;
  is_unchanged: boolean;
}

let world: World;
let repo: string;
let other: string;

const at = (name: string) => join(world.root, `project-agent-implement-${name}`);

beforeAll(async () => {
  world = new World();
  world.stub.script("WORK", [{ run: "echo work > work.txt" }, { say: "Worked." }]);
  world.stub.script("IDLE", [{ say: "Nothing to do." }]);
  repo = await world.repository();
  other = await world.repository("other");
  writeFileSync(join(repo, ".gitignore"), "cache/\n");
  await world.run(repo, ["git", "add", "."]);
  await world.run(repo, ["git", "commit", "--quiet", "-m", "Ignore"]);
  const client = await world.client();
  const tasks: [string, string, string][] = [
    ["bad", repo, "IDLE"],
    ["good", repo, "WORK"],
    ["fresh", repo, "IDLE"],
    ["far", other, "WORK"],
  ];
  for (const [name, cwd, prompt] of tasks) {
    const request = { prompt, cwd, topic: `implement-${name}-v1`, sandbox: "full-access" };
    expect((await client.call("codex", request)).data).toMatchObject({ success: true });
  }
  await client.close();
  await world.until(() => !world.processes().some(({ command }) => command.includes("run-task")));
  if (isRoot) await giveToUser(world);
});
afterAll(() => world.close());

beforeEach(async () => {
  if (isRoot) await giveToUser(world);
});

const cli = (...args: string[]) => (isRoot ? runAsUser(world, args) : runCli(world, args));

async function list(): Promise<Record<string, Report>> {
  const { stdout, stderr, exitCode } = await cli("worktrees", "--json");
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const { worktrees } = JSON.parse(stdout) as { worktrees: Report[] };
  return Object.fromEntries(worktrees.map((each) => [each.agent_branch.replace("agent/implement-", ""), each]));
}

/** All others are as ever. */
function expectOthers(reports: Record<string, Report>): void {
  expect(reports["good"]).toMatchObject({ state: "idle", has_uncommitted_work: false, is_unchanged: false });
  expect(reports["good"]).not.toHaveProperty("has_more_bytes");
  expect(reports["fresh"]).toMatchObject({ state: "idle", is_unchanged: true });
}

/** A folder that only root may enter. */
function makeClosed(path: string): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "data"), "data");
  chownSync(path, 0, 0);
  chmodSync(path, 0o700);
}

test.if(isRoot)("a folder of root's in a worktree: its size and work are unknown, and discard names it", async () => {
  const closed = join(at("bad"), "pgdata");
  makeClosed(closed);
  const reports = await list();
  expectOthers(reports);
  expect(reports["far"]).toMatchObject({ state: "idle" });
  const unknown = { state: "idle", has_uncommitted_work: true, is_work_unknown: true, has_more_bytes: true };
  expect(reports["bad"]).toMatchObject({ ...unknown, is_merged: false, is_unchanged: false });
  const refused = await cli("discard", "implement-bad");
  expect(refused.stderr).toContain(`${closed} cannot be read, so it cannot be saved: Permission denied.`);
  expect(refused.stderr).toContain(`sudo rm -r '${closed}'`);
  expect(existsSync(at("bad"))).toBe(true);
  expect((await cli("clean", "--unchanged")).stdout).toMatch(/^would remove \S*fresh .*\nNothing was changed/);
  const cleaned = await cli("clean", "--worktrees", "--yes");
  expect(cleaned.stdout).toMatch(/kept \S*bad .*pgdata cannot be read/);
  for (const name of ["good", "fresh"]) expect(cleaned.stdout).toMatch(new RegExp(`removed \\S*${name} `));
  expect(cleaned.stdout + cleaned.stderr).not.toContain("state_unusable");
  for (const name of ["good", "fresh", "far"]) expect((await cli("restore", `implement-${name}`)).exitCode).toBe(0);
  rmSync(closed, { recursive: true });
});

test.if(isRoot)(
  "an ignored folder of root's: named too; given up if asked for, and what stays of it is told",
  async () => {
    makeClosed(join(at("bad"), "cache", "deep"));
    const refused = await cli("discard", "implement-bad");
    expect(refused.stderr).toContain(join(at("bad"), "cache", "deep"));
    expect(refused.stderr).not.toContain("MB");
    const done = await cli("discard", "implement-bad", "--drop-ignored");
    expect(done.stdout).toMatch(/left +\S*\.codexmcp-removed-.*sudo rm -r/);
    expect(existsSync(at("bad"))).toBe(false);
    await $`rm -r ${join(world.root, /left +(\S+),/.exec(done.stdout)?.[1]?.split("/").at(-1) ?? "none")}`.quiet();
    expect((await cli("restore", "implement-bad")).exitCode).toBe(0);
  },
);

test.if(isRoot)("a worktree whose own folder cannot be read, and a repository that cannot", async () => {
  chownSync(at("bad"), 0, 0);
  chmodSync(at("bad"), 0o700);
  makeClosed(join(world.root, "closed"));
  renameSync(join(other, ".git"), join(world.root, "moved.git"));
  makeClosed(join(other, ".git"));
  const reports = await list();
  expectOthers(reports);
  expect(reports["bad"]).toMatchObject({ state: "unreadable", has_uncommitted_work: true, is_merged: false });
  expect(reports["bad"]?.problem).toContain(`${at("bad")} cannot be read: Permission denied`);
  expect(reports["far"]).toMatchObject({ state: "unreadable" });
  expect((await cli("discard", "implement-bad")).stderr).toContain(`${at("bad")} cannot be read: Permission denied`);
  const cleaned = await cli("clean");
  expect(cleaned.exitCode).toBe(0);
  expect(cleaned.stdout).toContain(`not checked: ${join(other, ".git")}`);
  expect((await cli("clean", "--unchanged")).stdout).toMatch(/^would remove \S*fresh /);
  rmSync(join(other, ".git"), { recursive: true });
  renameSync(join(world.root, "moved.git"), join(other, ".git"));
  chmodSync(at("bad"), 0o755);
});

test.if(isRoot)(
  "the folder above the worktrees cannot be written: nothing is lost, nothing is kept twice",
  async () => {
    chownSync(world.root, 0, 0);
    chmodSync(world.root, 0o755);
    const refused = await cli("discard", "implement-good");
    expect(refused.stderr).toContain(`${at("good")} cannot be removed from ${world.root}: Permission denied.`);
    expect(existsSync(join(at("good"), "work.txt"))).toBe(true);
    expect((await list())["good"]).toMatchObject({ state: "idle" });
    const kept = JSON.parse((await cli("restore", "--list", "--json")).stdout) as {
      discarded: { agent_branch: string }[];
    };
    expect(kept.discarded.filter(({ agent_branch }) => agent_branch === "agent/implement-good")).toHaveLength(1);
  },
);

test("without its .git file, git would take the repository around it: it is not looked at, merged, nor removed", async () => {
  const link = join(at("bad"), ".git");
  const aside = join(world.root, "aside");
  renameSync(link, aside);
  await world.run(world.root, ["git", "init", "--quiet"]);
  const reports = await list();
  expectOthers(reports);
  expect(reports["bad"]).toMatchObject({ state: "unreadable", is_merged: false, is_unchanged: false });
  expect(reports["bad"]?.problem).toContain("worktree repair");
  for (const command of ["discard", "diff", "merge"]) {
    expect((await cli(command, "implement-bad")).stderr).toContain(
      `${link}, which links the worktree to its repository`,
    );
  }
  await cli("clean", "--worktrees", "--unchanged", "--yes");
  expect(existsSync(join(at("bad"), "README.md"))).toBe(true);
  await cli("restore", "implement-fresh");
  rmSync(join(world.root, ".git"), { recursive: true });
  renameSync(aside, link);
});

test("something that cannot be looked at in a worktree's place is not taken for a worktree that is gone", async () => {
  const aside = join(world.root, "aside");
  renameSync(at("bad"), aside);
  for (const spoil of [() => symlinkSync(at("bad"), at("bad")), () => put(at("bad"), "a file")]) {
    spoil();
    const reports = await list();
    expectOthers(reports);
    expect(reports["bad"]).toMatchObject({ state: "unreadable" });
    expect((await cli("clean", "--gone", "--yes")).stdout).toBe("No matching worktrees.\n");
    rmSync(at("bad"));
  }
  renameSync(aside, at("bad"));
  expect((await list())["bad"]).toMatchObject({ state: "idle", is_unchanged: true });
});

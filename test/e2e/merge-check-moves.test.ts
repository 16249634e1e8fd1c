// A merge while its check runs: the branch moves meanwhile, the call ends, other tasks start.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { listCheckouts, makeGate } from "../support/check-gate.ts";
import { runCli } from "../support/command-line.ts";
import { GitWorld, idOf } from "../support/git-world.ts";
import { BINARY } from "../support/world.ts";

let world: GitWorld;

beforeAll(() => {
  world = new GitWorld();
});
beforeEach(() => world.begin());
afterAll(() => world.close());

const git = (...args: string[]) => world.git(world.repo, ...args);
const head = () => git("rev-parse", "HEAD");

describe("while the check runs", () => {
  test("the branch moves: the new result is computed and checked", async () => {
    const task = await world.workOnFile("one");
    const wait = makeGate(world, "wait-for-move");
    const merging = world.merge(task, { check: `${wait.command}; ls; test -e one.txt` });
    await world.until(wait.begun);
    await git("commit", "-q", "--allow-empty", "-m", "Meanwhile");
    const meanwhile = await head();
    wait.open();
    const { data } = await merging;
    expect(data).toMatchObject({ success: true, merged: [{ commit: await head(), check: { commit: await head() } }] });
    expect(await git("rev-parse", "HEAD^")).toBe(meanwhile);
  });

  test("the branch moves again and again: it is given up", async () => {
    const task = await world.workOnFile("one");
    const move = `git -C ${world.repo} commit -q --allow-empty -m More`;
    const { data } = await world.merge(task, { check: move });
    expect(data).toMatchObject({ success: false, code: "branch_in_use", merged: [] });
    expect(await git("log", "--format=%s", "-4")).toBe("More\nMore\nMore\nStart");
    expect(await listCheckouts(world)).toEqual([]);
  });

  test("tasks start in the repository, and no list shows the temporary worktree", async () => {
    const task = await world.workOnFile("one");
    const wait = makeGate(world, "wait-for-task");
    const merging = world.merge(task, { check: wait.command });
    await world.until(wait.begun);
    const other = await world.workOnFile("other");
    expect(other["success"]).toBe(true);
    const { stdout } = await runCli(world, ["worktrees", "--json"]);
    expect(stdout).not.toContain("-check-");
    wait.open();
    expect((await merging).data).toMatchObject({ success: true });
  });

  test("the call is cancelled: nothing moves, and nothing stays", async () => {
    const task = await world.workOnFile("one");
    const before = await head();
    const wait = makeGate(world, "wait-for-cancel");
    const abort = new AbortController();
    const request = { name: "codex_merge", arguments: { task_ids: [idOf(task)], check: wait.command } };
    const call = (await world.own).sdk.callTool(request, undefined, { signal: abort.signal }).catch(() => "cancelled");
    await world.until(wait.begun);
    abort.abort("the user does not want it");
    expect(await call).toBe("cancelled");
    await world.until(async () => (await listCheckouts(world)).length === 0);
    wait.open();
    expect(await head()).toBe(before);
    expect(world.processes().filter(({ command }) => command.includes(wait.command))).toEqual([]);
  });

  test("the client goes away: nothing moves, no process stays, and the next merge cleans up", async () => {
    const task = await world.workOnFile("one");
    const before = await head();
    const wait = makeGate(world, "wait-for-leave");
    const client = await world.client();
    const call = world.merge(task, { check: wait.command }, client).catch(() => "gone");
    await world.until(wait.begun);
    await client.close();
    expect(await call).toBe("gone");
    await world.until(() => !world.processes().some(({ command }) => command.includes(wait.command)));
    expect(await head()).toBe(before);
    expect((await world.merge(task)).data).toMatchObject({ success: true });
    expect(await listCheckouts(world)).toEqual([]);
  });

  test("another merge into the branch gets in: both results were checked", async () => {
    const [one, two] = [await world.workOnFile("one"), await world.workOnFile("two")];
    const wait = makeGate(world, "wait-for-other");
    const merging = world.merge(one, { check: `${wait.command}; test -e one.txt` });
    await world.until(wait.begun);
    const other = await world.merge(two, { check: "test -e two.txt && test ! -e one.txt" });
    expect(other.data).toMatchObject({ success: true });
    wait.open();
    const { data } = await merging;
    expect(data).toMatchObject({ success: true, merged: [{ check: { commit: await head() } }] });
    expect(await git("ls-files")).toBe("README.md\none.txt\ntwo.txt");
  });

  test("Ctrl-C stops the command, and cleans up", async () => {
    const task = await world.workOnFile("one");
    const before = await head();
    const wait = makeGate(world, "wait-for-interrupt");
    const run = Bun.spawn([BINARY, "merge", idOf(task), "--check", wait.command], {
      cwd: world.root,
      env: world.environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    await world.until(wait.begun);
    run.kill("SIGINT");
    expect(await run.exited).toBe(1);
    expect(await run.stderr.text()).toContain("[cancelled]");
    expect(await head()).toBe(before);
    expect(await listCheckouts(world)).toEqual([]);
  });
});

describe("where it is run", () => {
  test("beside the task's worktree, else in the state folder", async () => {
    const task = await world.workOnFile("one");
    const wait = makeGate(world, "where");
    const merging = world.merge(task, { check: wait.command });
    await world.until(wait.begun);
    expect(wait.folder()).toMatch(
      new RegExp(`^${world.root}/project-\\d+-agent-implement-one_\\d+-check-[0-9a-f]{8}$`),
    );
    wait.open();
    await merging;
  });

  test("the command says what it does, and prints the output of a failed check", async () => {
    const task = await world.workOnFile("one");
    const failed = await runCli(world, ["merge", idOf(task), "--check", "echo it is red; exit 4"]);
    expect(failed.exitCode).toBe(1);
    expect(failed.stdout).toContain("it is red");
    expect(failed.stderr).toContain("exit status 4");
    const passed = await runCli(world, ["merge", idOf(task), "--check", "true"]);
    expect(passed).toMatchObject({ exitCode: 0 });
    expect(passed.stdout).toContain("checked in");
  });
});

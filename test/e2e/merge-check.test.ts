// A merge that is checked: the branch moves only to a commit on which the check has passed.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listCheckouts } from "../support/check-gate.ts";
import { runCli } from "../support/command-line.ts";
import { GitWorld, idOf } from "../support/git-world.ts";

let world: GitWorld;

beforeAll(() => {
  world = new GitWorld();
});
beforeEach(() => world.begin());
afterAll(() => world.close());

const git = (...args: string[]) => world.git(world.repo, ...args);
const head = () => git("rev-parse", "HEAD");

describe("check", () => {
  test("sees the merged files, with the target's and the work's, and its outcome is in the answer", async () => {
    const task = await world.workOnFile("one");
    writeFileSync(join(world.repo, "mine.txt"), "mine\n");
    await git("add", "mine.txt");
    await git("commit", "-qm", "Mine");
    const { data } = await world.merge(task, {
      check: "cat one.txt mine.txt && git rev-parse HEAD && ! git symbolic-ref HEAD",
    });
    const [merged] = data["merged"] as { commit: string; check: Record<string, unknown> }[];
    expect(merged?.check).toMatchObject({ passed: true, exit_code: 0, commit: await head() });
    expect(merged?.commit).toBe(await head());
    expect(String(merged?.check["output_tail"])).toContain(`one\nmine\n${await head()}`);
    expect(readFileSync(String(merged?.check["output_file"]), "utf8")).toContain("one\nmine\n");
    expect(await listCheckouts(world)).toEqual([]);
  });

  test("that fails: nothing moves, and the rest is not attempted", async () => {
    const [one, two, three] = [
      await world.workOnFile("one"),
      await world.workOnFile("two"),
      await world.workOnFile("three"),
    ];
    const before = await git("rev-parse", "main");
    const { data, isError } = await (
      await world.own
    ).call("codex_merge", {
      task_ids: [idOf(one), idOf(two), idOf(three)],
      check: "echo looking; test ! -e two.txt || exit 7",
    });
    expect(isError).toBe(true);
    expect(data).toMatchObject({
      code: "check_failed",
      conflicting_task: idOf(two),
      conflicts: [],
      check: { passed: false, exit_code: 7 },
      merged: [{ task_id: idOf(one), check: { passed: true } }],
      not_attempted: [idOf(three)],
    });
    expect(await git("rev-parse", "main^")).toBe(before);
    expect(existsSync(join(world.repo, "two.txt"))).toBe(false);
    expect(await git("status", "--porcelain")).toBe("");
    expect(await listCheckouts(world)).toEqual([]);
  });

  test.each(["squash", "merge", "rebase", "ff-only"])("with %s", async (strategy) => {
    const task = await world.workOnFile("one");
    const failed = await world.merge(task, { strategy, check: "false" });
    expect(failed.data).toMatchObject({ code: "check_failed", merged: [] });
    const { data } = await world.merge(task, { strategy, check: "test -e one.txt" });
    expect(data).toMatchObject({ success: true, merged: [{ commit: await head(), check: { passed: true } }] });
    // It is there already: there is nothing to check.
    const again = await world.merge(task, { strategy, check: "false" });
    expect(again.data).toMatchObject({ success: true, merged: [{ diff_stat: "" }] });
  });

  test("of a branch that is not checked out", async () => {
    await git("branch", "develop");
    const task = await world.workOnFile("one");
    await world.merge(task, { into: "develop", check: "false" });
    expect(await git("rev-parse", "develop")).toBe(await git("rev-parse", "main"));
    const { data } = await world.merge(task, { into: "develop", check: "cat one.txt" });
    expect(data).toMatchObject({ merged: [{ into: "develop", commit: await git("rev-parse", "develop") }] });
  });

  test("has the ignored files of .worktreeinclude, and the set-up command", async () => {
    writeFileSync(join(world.repo, ".gitignore"), "secret.env\nmodules/\n");
    writeFileSync(join(world.repo, ".worktreeinclude"), "secret.env\n");
    writeFileSync(join(world.repo, "secret.env"), "KEY=1\n");
    await git("add", ".gitignore", ".worktreeinclude");
    await git("commit", "-qm", "Ignore");
    const client = await world.client({ CODEXMCP_WORKTREE_SETUP: "mkdir -p modules && ls > modules/list" });
    const task = await world.work("one", "echo one > one.txt; git add one.txt; git commit -qm One", {}, client);
    const { data } = await world.merge(task, { check: "cat secret.env modules/list" }, client);
    expect(data).toMatchObject({ merged: [{ check: { passed: true } }] });
    expect(JSON.stringify(data)).toContain("KEY=1\\nREADME.md\\nmodules\\none.txt\\nsecret.env");
    const broken = await world.client({ CODEXMCP_WORKTREE_SETUP: "echo no such thing; exit 3" });
    await git("reset", "-q", "--hard", "HEAD^");
    const refused = await world.merge(task, { check: "true" }, broken);
    expect(refused.data).toMatchObject({ code: "setup_failed", merged: [] });
    expect(String(refused.data["error"])).toContain("no such thing");
    expect(await listCheckouts(world)).toEqual([]);
  });

  test("that is not there, does not end, or leaves processes behind", async () => {
    const task = await world.workOnFile("one");
    const missing = await world.merge(task, { check: "no-such-command-here" });
    expect(missing.data).toMatchObject({ code: "check_failed", check: { exit_code: 127 } });
    const hasty = await world.client({ CODEXMCP_CHECK_TIMEOUT: "1" });
    const slow = await world.merge(task, { check: "sleep 547 & setsid sleep 547 & sleep 547" }, hasty);
    expect(slow.data).toMatchObject({ code: "check_failed", check: { passed: false } });
    expect(String(slow.data["error"])).toContain("longer than 1 s");
    const daemon = await world.merge(
      task,
      { check: "setsid sleep 547 > /dev/null 2>&1 & chmod 000 . ; exit 0" },
      hasty,
    );
    expect(daemon.data).toMatchObject({ success: true });
    expect(world.processes().filter(({ command }) => command.includes("sleep 547"))).toEqual([]);
    expect(await listCheckouts(world)).toEqual([]);
  });

  test("may destroy its worktree", async () => {
    const task = await world.workOnFile("one");
    const { data } = await world.merge(task, { check: 'rm -rf "$PWD"; true' });
    expect(data).toMatchObject({ success: true });
    expect(await listCheckouts(world)).toEqual([]);
    expect(await git("fsck", "--no-dangling")).toBe("");
  });
});

describe("require_check", () => {
  // What a check leaves, such as coverage, is no change of the work.
  const passing = { check: "test -e one.txt && echo 1 > coverage.txt" };
  const require = (task: Record<string, unknown>) => world.merge(task, { require_check: true });

  test("refuses work without a check, with a failed one, and that has changed since", async () => {
    const [checked, bare] = [await world.workOnFile("one", "one", passing), await world.workOnFile("two")];
    expect(checked["check"]).toMatchObject({
      passed: true,
      commit: await git("rev-parse", String(checked["agent_branch"])),
    });
    const before = await head();
    const both = await (
      await world.own
    ).call("codex_merge", {
      task_ids: [idOf(checked), idOf(bare)],
      require_check: true,
    });
    expect(both.data).toMatchObject({ code: "unchecked_work" });
    expect(String(both.data["error"])).toContain(idOf(bare));
    expect(await head()).toBe(before);
    const worktree = String(checked["worktree_dir"]);
    writeFileSync(join(worktree, "late.txt"), "late\n");
    expect((await require(checked)).data).toMatchObject({ code: "unchecked_work" });
    await world.git(worktree, "add", ".");
    await world.git(worktree, "commit", "-qm", "Late");
    expect(String((await require(checked)).data["error"])).toContain("has changed since the check");
    await world.git(worktree, "reset", "-q", "--hard", "HEAD^");
    expect((await require(checked)).data).toMatchObject({ success: true, merged: [{ task_id: idOf(checked) }] });
  });

  test("refuses a task whose check failed, and the command does, too", async () => {
    world.stub.script("RED-ONE", [{ run: "echo 1 > one.txt; git add .; git commit -qm One" }, { say: "Done." }]);
    const { data } = await (
      await world.own
    ).call("codex", {
      prompt: "RED-ONE",
      cwd: world.repo,
      topic: `implement-red_${world.number}-v1`,
      sandbox: "full-access",
      check: "exit 3",
    });
    expect(data).toMatchObject({ success: false, code: "check_failed" });
    const refused = await runCli(world, ["merge", idOf(data), "--require-check"]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("`exit 3` failed");
    expect(refused.stderr).toContain("[unchecked_work]");
    expect((await runCli(world, ["merge", idOf(data)])).exitCode).toBe(0);
  });
});

describe("work that was written in Codex's sandbox", () => {
  test("is checked in it, after the set-up command has run on the target's files", async () => {
    const outside = join(world.root, "outside.txt");
    const client = await world.client({
      CODEXMCP_WORKTREE_SETUP: "ls > set-up-list; echo >> $(git rev-parse --git-common-dir)/info/exclude",
    });
    const edit = "echo '#!/bin/sh' > evil.sh; chmod +x evil.sh";
    const more = { sandbox: "workspace-write" };
    const task = await world.work("boxed", edit, more, client);
    const other = await world.work("free", "echo 1 > free.txt; git add .; git commit -qm Free", {}, client);
    const check = `cat set-up-list; touch inside.txt; echo x > ${outside}; ls ${outside}`;
    const request = { task_ids: [idOf(other), idOf(task)], check };
    const { data } = await client.call("codex_merge", request);
    // The order of the tasks does not matter: one of them was sandboxed.
    expect(data).toMatchObject({ success: false, code: "check_failed", conflicting_task: idOf(other), merged: [] });
    expect(existsSync(outside)).toBe(false);
    expect(JSON.stringify(data["check"])).toContain("Read-only file system");
    expect(JSON.stringify(data["check"])).not.toContain("evil.sh");
    const passed = await client.call("codex_merge", { ...request, check: "touch inside.txt && ls free.txt" });
    expect(passed.data).toMatchObject({ success: true });
  });

  test("is not checked outside of it where there is none", async () => {
    const task = await world.work("boxed", "echo 1 > boxed.txt", { sandbox: "workspace-write" });
    const broken = join(world.root, "bin", "codex-without-sandbox");
    writeFileSync(broken, "#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n", {
      mode: 0o755,
    });
    const client = await world.client({ CODEXMCP_CODEX_BIN: broken });
    const ran = join(world.root, "ran.txt");
    const { data } = await world.merge(task, { check: `echo > ${ran}` }, client);
    expect(data).toMatchObject({ code: "check_failed", check: { passed: false } });
    expect(String(data["error"])).toContain("No permissions to create a new namespace");
    expect(existsSync(ran)).toBe(false);
  });
});

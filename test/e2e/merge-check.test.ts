// A merge that is checked: the branch moves only to a commit on which the check has passed.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { GitWorld } from "../support/git-world.ts";
import { BINARY } from "../support/world.ts";

let world: GitWorld;

beforeAll(() => {
  world = new GitWorld();
});
beforeEach(() => world.begin());
afterAll(() => world.close());

const git = (...args: string[]) => world.git(world.repo, ...args);
const head = () => git("rev-parse", "HEAD");
const idOf = (task: Record<string, unknown>) => String(task["task_id"]);
const workOnFile = (name: string, text = name, more: object = {}) =>
  world.work(name, `echo ${text} > ${name}.txt; git add .; git commit -qm 'Add ${name}'`, more);

/** The temporary worktrees that are there: none, unless a check is running. */
async function checkouts(): Promise<string[]> {
  const listed = (await git("worktree", "list", "--porcelain")).split("\n").filter((line) => /-check-/.test(line));
  const folders = readdirSync(world.root).filter((name) => name.includes("-check-"));
  const own = join(world.stateHome, "checkouts");
  return [...listed, ...folders, ...(existsSync(own) ? readdirSync(own) : [])];
}

/** A script in the world that a check can run: it says that it has begun, and waits until it may go on. */
function gate(name: string): { command: string; begun: () => boolean; open: () => void; folder: () => string } {
  const [begun, open] = [join(world.root, `${name}-begun`), join(world.root, `${name}-open`)];
  const script = join(world.root, "bin", name);
  writeFileSync(
    script,
    `#!/bin/sh\npwd > ${begun}.new && mv ${begun}.new ${begun}\nwhile [ ! -e ${open} ]; do sleep 0.05; done\n`,
  );
  chmodSync(script, 0o755);
  return {
    command: script,
    begun: () => existsSync(begun),
    open: () => writeFileSync(open, ""),
    folder: () => readFileSync(begun, "utf8").trim(),
  };
}

describe("check", () => {
  test("sees the merged files, with the target's and the work's, and its outcome is in the answer", async () => {
    const task = await workOnFile("one");
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
    expect(await checkouts()).toEqual([]);
  });

  test("that fails: nothing moves, and the rest is not attempted", async () => {
    const [one, two, three] = [await workOnFile("one"), await workOnFile("two"), await workOnFile("three")];
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
    expect(await checkouts()).toEqual([]);
  });

  test.each(["squash", "merge", "rebase", "ff-only"])("with %s", async (strategy) => {
    const task = await workOnFile("one");
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
    const task = await workOnFile("one");
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
    expect(await checkouts()).toEqual([]);
  });

  test("that is not there, does not end, or leaves processes behind", async () => {
    const task = await workOnFile("one");
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
    expect(await checkouts()).toEqual([]);
  });

  test("may destroy its worktree", async () => {
    const task = await workOnFile("one");
    const { data } = await world.merge(task, { check: 'rm -rf "$PWD"; true' });
    expect(data).toMatchObject({ success: true });
    expect(await checkouts()).toEqual([]);
    expect(await git("fsck", "--no-dangling")).toBe("");
  });
});

describe("while the check runs", () => {
  test("the branch moves: the new result is computed and checked", async () => {
    const task = await workOnFile("one");
    const wait = gate("wait-for-move");
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
    const task = await workOnFile("one");
    const move = `git -C ${world.repo} commit -q --allow-empty -m More`;
    const { data } = await world.merge(task, { check: move });
    expect(data).toMatchObject({ success: false, code: "branch_in_use", merged: [] });
    expect(await git("log", "--format=%s", "-4")).toBe("More\nMore\nMore\nStart");
    expect(await checkouts()).toEqual([]);
  });

  test("tasks start in the repository, and no list shows the temporary worktree", async () => {
    const task = await workOnFile("one");
    const wait = gate("wait-for-task");
    const merging = world.merge(task, { check: wait.command });
    await world.until(wait.begun);
    const other = await workOnFile("other");
    expect(other["success"]).toBe(true);
    const { stdout } = await runCli(world, ["worktrees", "--json"]);
    expect(stdout).not.toContain("-check-");
    wait.open();
    expect((await merging).data).toMatchObject({ success: true });
  });

  test("the call is cancelled: nothing moves, and nothing stays", async () => {
    const task = await workOnFile("one");
    const before = await head();
    const wait = gate("wait-for-cancel");
    const abort = new AbortController();
    const request = { name: "codex_merge", arguments: { task_ids: [idOf(task)], check: wait.command } };
    const call = (await world.own).sdk.callTool(request, undefined, { signal: abort.signal }).catch(() => "cancelled");
    await world.until(wait.begun);
    abort.abort("the user does not want it");
    expect(await call).toBe("cancelled");
    await world.until(async () => (await checkouts()).length === 0);
    wait.open();
    expect(await head()).toBe(before);
    expect(world.processes().filter(({ command }) => command.includes(wait.command))).toEqual([]);
  });

  test("Ctrl-C stops the command, and cleans up", async () => {
    const task = await workOnFile("one");
    const before = await head();
    const wait = gate("wait-for-interrupt");
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
    expect(await checkouts()).toEqual([]);
  });
});

describe("require_check", () => {
  const passing = { check: "test -e one.txt" };
  const require = (task: Record<string, unknown>) => world.merge(task, { require_check: true });

  test("refuses work without a check, with a failed one, and that has changed since", async () => {
    const [checked, bare] = [await workOnFile("one", "one", passing), await workOnFile("two")];
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

describe("where it is run", () => {
  test("beside the task's worktree, else in the state folder", async () => {
    const task = await workOnFile("one");
    const wait = gate("where");
    const merging = world.merge(task, { check: wait.command });
    await world.until(wait.begun);
    expect(wait.folder()).toMatch(
      new RegExp(`^${world.root}/project-\\d+-agent-implement-one_\\d+-check-[0-9a-f]{8}$`),
    );
    wait.open();
    await merging;
  });

  test("the command says what it does, and prints the output of a failed check", async () => {
    mkdirSync(join(world.repo, "sub"));
    const task = await workOnFile("one");
    const failed = await runCli(world, ["merge", idOf(task), "--check", "echo it is red; exit 4"]);
    expect(failed.exitCode).toBe(1);
    expect(failed.stdout).toContain("it is red");
    expect(failed.stderr).toContain("exit status 4");
    const passed = await runCli(world, ["merge", idOf(task), "--check", "true"]);
    expect(passed).toMatchObject({ exitCode: 0 });
    expect(passed.stdout).toContain("checked in");
  });
});

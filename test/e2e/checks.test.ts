// The check of a task's work: this server runs it after Codex's turn, and a failure goes back to the same session.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TESTED_ENGINES } from "../support/engines.ts";
import { CheckWorld, COUNTED } from "../support/check-world.ts";
import { BINARY } from "../support/world.ts";

let world: CheckWorld;
beforeAll(async () => (world = await CheckWorld.open()));
afterAll(() => world.close());

describe.each([...TESTED_ENGINES])("with %s", (engine) => {
  test("a failure goes back to the same session until the check passes", async () => {
    const answer = await world.runTask(engine, "COUNT-FROM-ONE", `count-${engine}`, {
      check: COUNTED,
      check_attempts: 3,
    });
    expect(answer).toMatchObject({
      success: true,
      result: "Three.",
      commits_ahead: 3,
      uncommitted_changes: [],
      check: { command: COUNTED, passed: true, exit_code: 0, attempts: 3, output_tail: "" },
    });
    const worktree = String(answer["worktree_dir"]);
    const { commit, output_file: file } = answer["check"] as { commit: string; output_file: string };
    expect(await world.git(worktree, "rev-parse", "HEAD")).toBe(commit);
    expect(file).toBe(join(world.folderOf(String(answer["task_id"])), "check.log"));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // Three turns in one session.
    const session = String(answer["session_id"]);
    const taskId = String(answer["task_id"]);
    expect(world.eventsOf(taskId, "turn.completed")).toHaveLength(3);
    expect(world.logOf(taskId).match(/"thread_id":"[^"]+"/g)).toEqual(
      world.logOf(taskId).match(new RegExp(`"thread_id":"${session}"`, "g")),
    );
    expect(world.eventsOf(taskId, "check.completed")).toHaveLength(3);
    const texts = world.stub.requests.flatMap(({ input }) => input).flatMap(({ content }) => content ?? []);
    const asked = texts.find(({ text }) => text?.includes("MARK-1"))?.text;
    expect(asked).toStartWith('The check `test "$(cat count)" = 3 || { echo "MARK-$(cat count)"; exit 5; }` failed');
    expect(asked).toContain("failed with exit status 5.");
    expect(asked).toContain("\n```\nMARK-1\n```");
  });

  test("one that never passes ends as check_failed, with its work kept and committed", async () => {
    const check = 'echo "MARK-1"; exit 5';
    const answer = await world.runTask(engine, "COUNT-FROM-ONE", `never-${engine}`, { check, check_attempts: 2 });
    expect(answer).toMatchObject({
      success: false,
      status: "failed",
      code: "check_failed",
      error: `The check \`${check}\` failed with exit status 5 (2 attempts).`,
      result: "Two.",
      uncommitted_changes: [],
      check: { passed: false, exit_code: 5, attempts: 2, output_tail: "MARK-1\n" },
    });
    expect(readFileSync(join(String(answer["worktree_dir"]), "count"), "utf8")).toBe("2\n");
  });

  test("by default it is run once, and nothing of its failure goes back", async () => {
    const answer = await world.runTask(engine, "WRITE-A-FILE", `once-${engine}`, { check: "no-such-command-at-all" });
    expect(answer).toMatchObject({
      code: "check_failed",
      commits_ahead: 1,
      check: { passed: false, exit_code: 127, attempts: 1 },
    });
    expect(world.eventsOf(String(answer["task_id"]), "turn.completed")).toHaveLength(1);
  });

  test("what the check leaves is in no commit, unless Codex changes it afterwards", async () => {
    world.stub.script("LEAVE-TRACES", [{ run: "echo 1 > count" }, { say: "One." }]);
    world.stub.script("TRACES-1", [{ run: "echo 2 > count; echo touched > cover/b" }, { say: "Two." }]);
    const check =
      'n=$(cat count); mkdir -p cover; for f in a b; do echo "$n" > cover/$f; done; echo checked >> README.md; git add cover/a; echo "TRACES-$n"; test "$n" = 2';
    const repository = await world.repository(`traces-${engine}`);
    const request = { cwd: repository, check, check_attempts: 2 };
    const answer = await world.runTask(engine, "LEAVE-TRACES", "traces", request);
    expect(answer).toMatchObject({ success: true, check: { attempts: 2, passed: true } });
    // The check has changed a file of the work: what was checked is no commit.
    expect(answer["check"]).not.toHaveProperty("commit");
    const worktree = String(answer["worktree_dir"]);
    const names = async (commit: string) => world.git(worktree, "show", "--name-only", "--format=", commit);
    expect(await names("HEAD~1")).toBe("count");
    expect(await names("HEAD")).toBe("count\ncover/b");
    expect(await world.git(worktree, "show", "HEAD:cover/b")).toBe("touched");
    // They are in the way of no merge.
    const merged = await world.call(engine, "codex_merge", { task_ids: [answer["task_id"]] });
    expect(merged).toMatchObject({ success: true });
    // A later run in the same worktree leaves them out, too.
    const next = await world.runTask(engine, "WRITE-A-FILE", "", {
      topic: undefined,
      cwd: repository,
      resume: answer["task_id"],
      check: "",
    });
    expect(next).toMatchObject({ success: true });
    expect(await names("HEAD")).toBe("work.txt");
  });

  test("a message that comes while it runs gets a turn, after which the work is checked again", async () => {
    const [begun, gate] = [join(world.root, `message-${engine}`), join(world.root, `gate-${engine}`)];
    world.stub.script(`MORE-${engine}`, [{ run: "echo more > more.txt" }, { say: "More." }]);
    const check = `touch ${begun}; until test -e ${gate}; do sleep 0.05; done; test -e more.txt`;
    const taskId = await world.dispatch(engine, "WRITE-A-FILE", `message-${engine}`, { check });
    await world.untilThere(begun);
    const data = await world.call("exec", "codex_send", {
      task_id: taskId,
      message: `MORE-${engine}`,
      when: "after",
    });
    expect(data).toMatchObject({ status: "running", delivery: "queued" });
    writeFileSync(gate, "");
    expect(await world.wait(taskId)).toMatchObject([
      { success: true, result: "More.", check: { passed: true, attempts: 2 } },
    ]);
  });

  test("outside git it runs in the folder itself", async () => {
    const plain = world.folder(`plain-${engine}`);
    const request = { cwd: plain, check: "cat work.txt; pwd" };
    const answer = await world.runTask(engine, "WRITE-A-FILE", `plain-${engine}`, request);
    expect(answer).toMatchObject({ success: true, check: { passed: true, output_tail: `work\n${plain}\n` } });
  });

  test("what Codex leaves is not committed with commit never, and is checked as it is", async () => {
    const answer = await world.runTask(engine, "WRITE-A-FILE", `uncommitted-${engine}`, {
      check: "cat work.txt",
      commit: "never",
    });
    expect(answer).toMatchObject({ success: true, commits_ahead: 0, uncommitted_changes: ["?? work.txt"] });
    expect(answer["check"]).not.toHaveProperty("commit");
  });

  test("an error of the commit does not prevent it", async () => {
    const repository = await world.repository(`hooked-${engine}`);
    const hooks = join(repository, ".git", "hooks");
    mkdirSync(hooks, { recursive: true });
    writeFileSync(join(hooks, "pre-commit"), "#!/bin/sh\necho no >&2\nexit 1\n", { mode: 0o755 });
    const answer = await world.runTask(engine, "WRITE-A-FILE", `hooked-${engine}`, {
      cwd: repository,
      check: "cat work.txt",
    });
    expect(answer).toMatchObject({ success: true, commit_error: "no", check: { passed: true } });
    expect(answer["check"]).not.toHaveProperty("commit");
  });
});

test("a resumed task takes over the check, unless it names another or none", async () => {
  const first = await world.runTask("exec", "WRITE-A-FILE", "taken", { check: "true # first", check_attempts: 2 });
  const taskId = first["task_id"];
  const again = async (more: object) =>
    world.call("exec", "codex", { prompt: "WRITE-A-FILE", resume: taskId, ...more });
  expect(await again({})).toMatchObject({ check: { command: "true # first" } });
  expect(await again({ check: "true # other" })).toMatchObject({ check: { command: "true # other" } });
  expect(await again({ check: "" })).not.toHaveProperty("check");
  expect(await again({ sandbox: "read-only" })).not.toHaveProperty("check");
});

test("the command show and the list of events have the check", async () => {
  const answer = await world.runTask("exec", "WRITE-A-FILE", "shown", { check: "printf 'bad\\033[2J\\n'; exit 4" });
  const shown = await world.run(world.root, [BINARY, "show", "implement-shown"]);
  expect(shown).toContain("Check");
  expect(shown).toContain("failed with exit status 4");
  expect(shown).not.toContain("\u001B[2J");
  const data = await world.call("exec", "codex_status", { task_id: answer["task_id"], since_event: 0 });
  expect(JSON.stringify(data["recent_events"])).toContain("check failed (exit 4): bad");
});

test("with a goal, the work is checked when Codex does not pursue it any more", async () => {
  world.stub.script("GOAL-CHECKED", [{ run: "echo one" }, { say: "A step." }]);
  world.stub.script("Continue working toward the active thread goal", [
    { run: "echo more > more.txt" },
    { call: "update_goal", args: { status: "complete" } },
    { say: "All of it." },
  ]);
  const request = { goal: "Finish it", check: "test -e more.txt", check_attempts: 2 };
  expect(await world.runTask("app-server", "GOAL-CHECKED", "goal", request)).toMatchObject({
    success: true,
    result: "All of it.",
    goal_state: { status: "complete" },
    check: { passed: true, attempts: 1 },
  });
});

// The limits of a check: its time, the task's end, and Codex's sandbox.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TESTED_ENGINES } from "../support/engines.ts";
import { CheckWorld } from "../support/check-world.ts";
import { makeToken, processesNamed } from "../support/escapes.ts";

let world: CheckWorld;
beforeAll(async () => (world = await CheckWorld.open()));
afterAll(() => world.close());

/** Length of the sleep of all checks here: their processes are found by it, also those that have cleared their environment. */
const token = makeToken();

describe.each([...TESTED_ENGINES])("with %s", (engine) => {
  test("one that hangs is ended by its timeout, with its processes, and its end goes back", async () => {
    const client = await world.client({ CODEXMCP_ENGINE: engine, CODEXMCP_CHECK_TIMEOUT: "1" });
    const check = `echo MARK-2; setsid sleep ${token} & trap '' INT TERM; while :; do sleep ${token}; done`;
    const request = { prompt: "WRITE-A-FILE", cwd: world.cwd, topic: `hang-${engine}`, sandbox: "full-access", check };
    const { data } = await client.call("codex", { ...request, check_attempts: 2 });
    expect(data).toMatchObject({
      code: "check_failed",
      result: "Three.",
      check: { passed: false, attempts: 2, why: "it took longer than 1 s", output_tail: "MARK-2\n" },
    });
    expect(data["error"]).toContain("failed: it took longer than 1 s (2 attempts).");
    expect(processesNamed(token)).toEqual([]);
  });

  test("a cancel ends it with everything that it has started; nothing of it counts as a result", async () => {
    const begun = join(world.root, `cancelled-${engine}`);
    const check = `setsid sleep ${token} & env -i setsid sleep ${token} & touch ${begun}; sleep ${token}`;
    const taskId = await world.dispatch(engine, "WRITE-A-FILE", `cancel-${engine}`, { check });
    await world.untilThere(begun);
    expect(await world.status(taskId)).toMatchObject({
      status: "running",
      check: { command: check, is_running: true, attempts: 0 },
    });
    await world.call("exec", "codex_cancel", { task_id: taskId });
    const ended = await world.status(taskId);
    expect(ended).toMatchObject({ status: "cancelled", code: "cancelled", result: "Written." });
    expect(ended).not.toHaveProperty("check");
    expect(processesNamed(token)).toEqual([]);
    expect(world.processesOf(taskId)).toEqual([]);
    // What Codex had left was committed before the check.
    expect(await world.git(String(ended["worktree_dir"]), "status", "--short")).toBe("");
  });

  test("a cancel whose supervisor was killed while it ran leaves nothing of it", async () => {
    const begun = join(world.root, `orphaned-${engine}`);
    const check = `setsid sleep ${token} & env -i setsid sleep ${token} & touch ${begun} trace; sleep ${token}`;
    const taskId = await world.dispatch(engine, "WRITE-A-FILE", `orphan-${engine}`, { check });
    await world.untilThere(begun);
    process.kill(world.supervisorOf(taskId), "SIGKILL");
    const cancelled = await world.call("exec", "codex_cancel", { task_id: taskId });
    expect(cancelled).toMatchObject({ status: "cancelled" });
    expect(processesNamed(token)).toEqual([]);
    // A supervisor that was about to take the task over finds that it is over.
    await world.until(() => world.processesOf(taskId).length === 0);
  });

  test("what a killed check has left is in no commit of the one that repeats it", async () => {
    const begun = join(world.root, `killed-${engine}`);
    const check = `echo left > trace; test -e ${begun} || { touch ${begun}; sleep ${token}; }; test -e work.txt`;
    const taskId = await world.dispatch(engine, "WRITE-A-FILE", `killed-${engine}`, { check });
    await world.untilThere(begun);
    process.kill(world.supervisorOf(taskId), "SIGKILL");
    expect(await world.wait(taskId)).toMatchObject([{ success: true, check: { passed: true, attempts: 1 } }]);
    const { worktree_dir: worktree, check: outcome } = await world.status(taskId);
    const head = await world.git(String(worktree), "rev-parse", "HEAD");
    expect(outcome).toMatchObject({ commit: head });
    expect(await world.git(String(worktree), "show", "--name-only", "--format=", head)).toBe("work.txt");
    expect(processesNamed(token)).toEqual([]);
  });

  test("timeout_seconds counts while it runs, idle_timeout_seconds does not", async () => {
    const check = "sleep 4";
    const limits = { check, idle_timeout_seconds: 1 };
    expect(await world.runTask(engine, "WRITE-A-FILE", `idle-${engine}`, limits)).toMatchObject({ success: true });
    const request = { check: `sleep ${token}`, timeout_seconds: 3 };
    const answer = await world.runTask(engine, "WRITE-A-FILE", `total-${engine}`, request);
    expect(answer).toMatchObject({ success: false, code: "timeout", result: "Written." });
    expect(processesNamed(token)).toEqual([]);
  });

  test("under workspace-write it runs in Codex's sandbox", async () => {
    const outside = join(world.root, `outside-${engine}`);
    const check = `touch inside; touch ${outside}; test -e ${outside} && echo ESCAPED`;
    const answer = await world.runTask(engine, "WRITE-A-FILE", `sandbox-${engine}`, {
      check,
      sandbox: "workspace-write",
    });
    expect(answer).toMatchObject({ code: "check_failed", check: { passed: false, exit_code: 1, attempts: 1 } });
    expect((answer["check"] as { output_tail: string }).output_tail).toContain("Read-only file system");
    expect(existsSync(outside)).toBe(false);
    expect(existsSync(join(String(answer["worktree_dir"]), "inside"))).toBe(true);
  });
});

test("a check that kills its supervisor each time is not repeated for ever", async () => {
  const runs = join(world.root, "runs-of-killer");
  const check = `echo run >> ${runs}; kill -9 $PPID; sleep 60`;
  const taskId = await world.dispatch("app-server", "WRITE-A-FILE", "killer", { check, check_attempts: 3 });
  expect(await world.wait(taskId)).toMatchObject([{ success: false, code: "check_failed", check: { attempts: 1 } }]);
  expect((await world.status(taskId))["error"]).toContain(
    "it was started 4 times, and each time the task's supervisor",
  );
  expect(readFileSync(runs, "utf8")).toBe("run\n".repeat(4));
});

test("a check that runs without Codex's sandbox is none under workspace-write", async () => {
  // A Codex whose sandbox does not work, as where user namespaces are refused.
  const codex = join(world.root, "bin", "codex-without-sandbox");
  const real = world.environment()["CODEXMCP_CODEX_BIN"];
  const script = `#!/bin/sh\nif [ "$1" = sandbox ]; then echo "bwrap: No permissions to create a new namespace" >&2; exit 1; fi\nexec "${real}" "$@"\n`;
  writeFileSync(codex, script, { mode: 0o755 });
  const client = await world.client({ CODEXMCP_ENGINE: "exec", CODEXMCP_CODEX_BIN: codex });
  const ran = join(world.root, "ran-unsandboxed");
  const request = {
    prompt: "WRITE-A-FILE",
    cwd: world.cwd,
    topic: "no-sandbox",
    sandbox: "workspace-write",
    check_attempts: 3,
  };
  const { data } = await client.call("codex", { ...request, check: `touch ${ran}` });
  expect(data).toMatchObject({ code: "check_failed", check: { passed: false, attempts: 1 } });
  expect(data["error"]).toContain("Codex's sandbox does not work here (bwrap: No permissions");
  expect(existsSync(ran)).toBe(false);
});

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import { McpClient } from "../support/mcp-client.ts";
import { signal, TaskWorld } from "../support/task-world.ts";
import { BINARY } from "../support/world.ts";

let world: TaskWorld;

/** Is noted as the supervisor of a task, and stops while it writes to the index; continued, it commits and ends. */
const WRITER = `
  const { Database } = require("bun:sqlite");
  const [index, task] = process.argv.slice(1);
  const database = new Database(index, { readwrite: true });
  database.run("PRAGMA busy_timeout = 5000");
  const stat = require("node:fs").readFileSync("/proc/self/stat", "utf8");
  const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  database.run("BEGIN IMMEDIATE");
  const { supervisor } = database.query("SELECT supervisor FROM tasks WHERE task_id = ?").get(task);
  const noted = JSON.parse(supervisor);
  const address = { ...noted, pid: process.pid, start: noted.start.replace(/[0-9]+$/, start) };
  database.run("UPDATE tasks SET supervisor = ? WHERE task_id = ?", [JSON.stringify(address), task]);
  database.run("COMMIT");
  database.run("BEGIN IMMEDIATE");
  database.run("UPDATE tasks SET supervisor = supervisor WHERE task_id = ?", [task]);
  require("node:fs").writeSync(1, "stopping\\n");
  process.kill(process.pid, "SIGSTOP");
  database.run("COMMIT");
  process.exit(0);
`;

beforeEach(() => {
  world = new TaskWorld();
});
afterEach(() => world.close());

describe("a supervisor that is stopped", () => {
  test("is said to be, and a cancel reaches it all the same", async () => {
    const client = await world.client();
    const task_id = "codex-review-stopped-v1";
    await client.call("codex_dispatch", world.request("FOREVER", "review-stopped-v1"));
    await world.untilWorking(task_id);
    const pid = world.supervisorOf(task_id);
    await world.stop(pid);
    const { data } = await client.call("codex_status", { task_id });
    expect(data).toMatchObject({ status: "running" });
    expect(String(data["stalled"])).toStartWith("supervisor does not respond");
    expect((await client.call("codex_cancel", { task_id })).data).toMatchObject({ status: "cancelled" });
  });

  test("in the middle of a write to the index keeps no cancel waiting", async () => {
    const client = await world.client();
    const task_id = "codex-review-writing-v1";
    await client.call("codex_dispatch", world.request("FOREVER", "review-writing-v1"));
    await world.untilWorking(task_id);
    const index = join(world.stateHome, "codexmcp.db");
    const writer = Bun.spawn([process.execPath, "-e", WRITER, index, task_id], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await writer.stdout.getReader().read();
      const { data } = await client.call("codex_cancel", { task_id });
      expect(data).toMatchObject({ status: "cancelled" });
      expect(await writer.exited).toBe(0);
    } finally {
      writer.kill("SIGKILL");
    }
  }, 40_000);

  test("is followed by another when it is killed", async () => {
    const client = await world.client();
    const task_id = "codex-review-killed-v1";
    await client.call("codex_dispatch", world.request("WORK", "review-killed-v1"));
    await world.untilWorking(task_id);
    const pid = world.supervisorOf(task_id);
    await world.stop(pid);
    expect((await client.call("codex_status", { task_id })).data).toMatchObject({ status: "running" });
    signal([pid], "SIGKILL");
    expect(await world.waitForEnd(client, task_id)).toMatchObject({ status: "completed", result: "Worked." });
  });
});

test("time for which all processes were stopped counts for no limit", async () => {
  const client = await world.client();
  const task_id = "codex-review-sleep-v1";
  const limits = { idle_timeout_seconds: 5, timeout_seconds: 9 };
  await client.call("codex_dispatch", world.request("WORK", "review-sleep-v1", limits));
  await world.untilWorking(task_id);
  const pids = world.processesOf(task_id).map(({ pid }) => pid);
  expect(pids.length).toBeGreaterThan(1);
  signal(pids, "SIGSTOP");
  await Bun.sleep(11_000);
  signal(pids, "SIGCONT");
  expect(await world.waitForEnd(client, task_id)).toMatchObject({ status: "completed", result: "Worked." });
}, 60_000);

test("a limit still ends a run that is silent", async () => {
  const client = await world.client();
  await client.call("codex_dispatch", world.request("FOREVER", "review-idle-v1", { idle_timeout_seconds: 1 }));
  expect(await world.waitForEnd(client, "codex-review-idle-v1")).toMatchObject({
    status: "failed",
    code: "idle_timeout",
  });
});

test("a lock's file that was replaced makes no second supervisor, and nobody call the task dead", async () => {
  const client = await world.client();
  const task_id = "codex-review-replaced-v1";
  await client.call("codex_dispatch", world.request("WORK", "review-replaced-v1"));
  await world.untilWorking(task_id);
  const pid = world.supervisorOf(task_id);
  const lock = join(world.folderOf(task_id), "live", "owner.lock");
  rmSync(lock);
  writeFileSync(lock, "");
  for (let look = 0; look < 5; look++) {
    expect((await client.call("codex_status", { task_id })).data).toMatchObject({ status: "running" });
    await Bun.sleep(100);
  }
  const supervisors = world.processes().filter(({ command }) => command.includes(`run-task ${task_id}`));
  expect(supervisors.map((each) => each.pid)).toEqual([pid]);
  expect(await world.waitForEnd(client, task_id)).toMatchObject({ status: "completed", result: "Worked." });
});

test("time in the queue does not count, also for the next supervisor", async () => {
  const client = await world.client({ CODEXMCP_MAX_CONCURRENT: "1" });
  await client.call("codex_dispatch", world.request("FOREVER", "review-first-v1"));
  const task_id = "codex-review-second-v1";
  await client.call("codex_dispatch", world.request("WORK", "review-second-v1", { timeout_seconds: 6 }));
  await Bun.sleep(7000);
  await client.call("codex_cancel", { task_id: "codex-review-first-v1" });
  await world.untilWorking(task_id);
  signal([world.supervisorOf(task_id)], "SIGKILL");
  expect(await world.waitForEnd(client, task_id)).toMatchObject({ status: "completed", result: "Worked." });
}, 60_000);

test("a commit hook that hangs keeps to the task's time", async () => {
  const client = await world.client();
  const cwd = await world.repository();
  const hook = join(cwd, ".git", "hooks", "pre-commit");
  writeFileSync(hook, "#!/bin/sh\necho testing\nsleep 600\n", { mode: 0o755 });
  world.stub.script("CHANGE", [{ run: "echo x > new.txt" }, { say: "Changed." }]);
  const asked = {
    ...world.request("CHANGE", "implement-hook-v1", { timeout_seconds: 6 }),
    cwd,
    sandbox: "full-access",
  };
  const { data } = await client.call("codex", asked);
  expect(data).toMatchObject({ success: true, result: "Changed.", uncommitted_changes: ["?? new.txt"] });
  expect(String(data["commit_error"])).toMatch(
    /^The pre-commit hook was stopped after \d s: the task timed out \(timeout_seconds\)\. Nothing was committed\. Last output: testing$/,
  );
}, 60_000);

test("whoever finishes a lost run is never sent a signal", async () => {
  const client = await world.client();
  const task_id = "codex-review-lost-v1";
  await client.call("codex_dispatch", world.request("FOREVER", "review-lost-v1"));
  await world.untilWorking(task_id);
  signal(
    world.processesOf(task_id).map(({ pid }) => pid),
    "SIGKILL",
  );
  // The client's server finishes the run, and two others cancel it meanwhile.
  const cancel = () =>
    Bun.spawn([BINARY, "cancel", task_id], { env: world.environment(), stdin: "ignore", stdout: "ignore" }).exited;
  const [status] = await Promise.all([client.call("codex_status", { task_id }), cancel(), cancel()]);
  expect(["failed", "cancelled", "running"]).toContain(String(status.data["status"]));
  expect((await client.call("codex_status", { task_id })).data["status"]).not.toBe("running");
  expect(() => process.kill(client.pid, 0)).not.toThrow();
});

test("a pid that was given to another process is no supervisor's", async () => {
  const client = await world.client();
  const task_id = "codex-review-reused-v1";
  await client.call("codex_dispatch", world.request("FOREVER", "review-reused-v1"));
  await world.untilWorking(task_id);
  signal(
    world.processesOf(task_id).map(({ pid }) => pid),
    "SIGKILL",
  );
  const bystander = Bun.spawn(["sleep", "300"], { stdin: "ignore" });
  const database = new Database(join(world.stateHome, "codexmcp.db"));
  database.run("PRAGMA busy_timeout = 5000");
  const row = database
    .query<{ supervisor: string }, [string]>("SELECT supervisor FROM tasks WHERE task_id = ?")
    .get(task_id);
  const address = JSON.parse(row?.supervisor ?? "{}") as object;
  const forged = JSON.stringify({ ...address, pid: bystander.pid });
  database.query("UPDATE tasks SET supervisor = ?, codex = ? WHERE task_id = ?").run(forged, forged, task_id);
  database.close();
  await client.call("codex_cancel", { task_id });
  expect((await client.call("codex_status", { task_id })).data["status"]).not.toBe("running");
  expect(bystander.exitCode).toBeNull();
  bystander.kill();
});

test("after a restart of the machine nothing of before is taken for alive", async () => {
  const client = await world.client();
  const task_id = "codex-review-restart-v1";
  await client.call("codex_dispatch", world.request("FOREVER", "review-restart-v1"));
  await world.untilWorking(task_id);
  signal(
    world.processesOf(task_id).map(({ pid }) => pid),
    "SIGKILL",
  );
  const database = new Database(join(world.stateHome, "codexmcp.db"));
  database.run("PRAGMA busy_timeout = 5000");
  for (const column of ["supervisor", "codex"]) {
    database.run(
      `UPDATE tasks SET ${column} = json_set(${column}, '$.boot', 'an earlier boot', '$.start', 'earlier:1')`,
    );
  }
  database.close();
  expect(await world.waitForEnd(client, task_id)).toMatchObject({ status: "failed", code: "supervisor_lost" });
});

test("locale and time zone of who looks change nothing", async () => {
  const client = await world.client();
  const task_id = "codex-review-zone-v1";
  await client.call("codex_dispatch", world.request("WORK", "review-zone-v1"));
  await world.untilWorking(task_id);
  for (const [TZ, LC_ALL] of [
    ["Pacific/Kiritimati", "C"],
    ["America/St_Johns", "de_DE.UTF-8"],
    ["", "ja_JP.UTF-8"],
  ]) {
    const list = Bun.spawnSync([BINARY, "tasks", "--json"], {
      env: world.environment({ TZ, LC_ALL }),
      stdin: "ignore",
    });
    expect(JSON.parse(list.stdout.toString()).tasks).toMatchObject([{ task_id, status: "running" }]);
  }
  expect(await world.waitForEnd(client, task_id)).toMatchObject({ status: "completed" });
});

test("a program that was moved away is named, and what to do", async () => {
  const moved = join(world.root, "moved-program");
  copyFileSync(BINARY, moved);
  const client = await McpClient.start([moved], world.environment(), world.root);
  rmSync(moved);
  const { isError, data } = await client.call("codex", world.request("SAY-HELLO", "review-moved-v1"));
  expect({ isError, ...data }).toMatchObject({ isError: true, code: "program_moved" });
  expect(String(data["error"])).toContain(moved);
  await client.close();
});

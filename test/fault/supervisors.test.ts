import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import { McpClient } from "../support/mcp-client.ts";
import { BINARY, World } from "../support/world.ts";

let world: World;

beforeEach(() => {
  world = new World();
  world.stub.script("SAY-HELLO", [{ say: "Hello." }]);
  world.stub.script("WORK", [{ run: "echo one" }, { delayMs: 1500 }, { run: "echo two" }, { say: "Worked." }]);
  world.stub.script("FOREVER", [{ run: "sleep 600" }, { say: "Never said." }]);
});
afterEach(() => world.close());

const request = (prompt: string, topic: string, more: object = {}) => ({
  prompt,
  cwd: world.root,
  topic,
  sandbox: "read-only",
  ...more,
});
const folderOf = (taskId: string) => join(world.stateHome, "tasks", taskId);
const isWorking = (taskId: string) => () => Bun.file(join(folderOf(taskId), "codex-exec.log")).size > 0;

function processesOf(taskId: string): { pid: number; command: string }[] {
  const isOfRun = (command: string) =>
    command.includes(`run-task ${taskId}`) ||
    / exec --json/.test(command) ||
    command.includes("keep-orphans") ||
    command.includes("sleep 600");
  return world.processes().filter(({ command }) => isOfRun(command));
}

const supervisorOf = (taskId: string) =>
  world.processes().find(({ command }) => command.includes(`run-task ${taskId}`))?.pid ?? 0;

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, name);
}

describe("a supervisor that is stopped", () => {
  test("is said to be, and a cancel reaches it all the same", async () => {
    const client = await world.client();
    const task_id = "codex-review-stopped-v1";
    await client.call("codex_dispatch", request("FOREVER", "review-stopped-v1"));
    await world.until(isWorking(task_id));
    const pid = supervisorOf(task_id);
    signal([pid], "SIGSTOP");
    const { data } = await client.call("codex_status", { task_id });
    expect(data).toMatchObject({ status: "running" });
    expect(String(data["stalled"])).toStartWith("supervisor does not respond");
    expect((await client.call("codex_cancel", { task_id })).data).toMatchObject({ status: "cancelled" });
  });

  test("is followed by another when it is killed", async () => {
    const client = await world.client();
    const task_id = "codex-review-killed-v1";
    await client.call("codex_dispatch", request("WORK", "review-killed-v1"));
    await world.until(isWorking(task_id));
    const pid = supervisorOf(task_id);
    signal([pid], "SIGSTOP");
    expect((await client.call("codex_status", { task_id })).data).toMatchObject({ status: "running" });
    signal([pid], "SIGKILL");
    expect(await world.waitForEnd(client, task_id)).toMatchObject({ status: "completed", result: "Worked." });
  });
});

test("time for which all processes were stopped counts for no limit", async () => {
  const client = await world.client();
  const task_id = "codex-review-sleep-v1";
  const limits = { idle_timeout_seconds: 5, timeout_seconds: 9 };
  await client.call("codex_dispatch", request("WORK", "review-sleep-v1", limits));
  await world.until(isWorking(task_id));
  const pids = processesOf(task_id).map(({ pid }) => pid);
  expect(pids.length).toBeGreaterThan(1);
  signal(pids, "SIGSTOP");
  await Bun.sleep(11_000);
  signal(pids, "SIGCONT");
  expect(await world.waitForEnd(client, task_id)).toMatchObject({ status: "completed", result: "Worked." });
}, 60_000);

test("a limit still ends a run that is silent", async () => {
  const client = await world.client();
  await client.call("codex_dispatch", request("FOREVER", "review-idle-v1", { idle_timeout_seconds: 1 }));
  expect(await world.waitForEnd(client, "codex-review-idle-v1")).toMatchObject({
    status: "failed",
    code: "idle_timeout",
  });
});

test("whoever finishes a lost run is never sent a signal", async () => {
  const client = await world.client();
  const task_id = "codex-review-lost-v1";
  await client.call("codex_dispatch", request("FOREVER", "review-lost-v1"));
  await world.until(isWorking(task_id));
  signal(
    processesOf(task_id).map(({ pid }) => pid),
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
  await client.call("codex_dispatch", request("FOREVER", "review-reused-v1"));
  await world.until(isWorking(task_id));
  signal(
    processesOf(task_id).map(({ pid }) => pid),
    "SIGKILL",
  );
  const bystander = Bun.spawn(["sleep", "300"], { stdin: "ignore" });
  const database = new Database(join(world.stateHome, "codexmcp.db"));
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
  await client.call("codex_dispatch", request("FOREVER", "review-restart-v1"));
  await world.until(isWorking(task_id));
  signal(
    processesOf(task_id).map(({ pid }) => pid),
    "SIGKILL",
  );
  const database = new Database(join(world.stateHome, "codexmcp.db"));
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
  await client.call("codex_dispatch", request("WORK", "review-zone-v1"));
  await world.until(isWorking(task_id));
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
  const { isError, data } = await client.call("codex", request("SAY-HELLO", "review-moved-v1"));
  expect({ isError, ...data }).toMatchObject({ isError: true, code: "program_moved" });
  expect(String(data["error"])).toContain(moved);
  await client.close();
});

test("an index of a newer version is not written to: tasks are listed, a start is refused with what to do", async () => {
  const client = await world.client();
  await client.call("codex", request("SAY-HELLO", "review-before-v1"));
  const database = new Database(join(world.stateHome, "codexmcp.db"));
  database.run("PRAGMA user_version = 99");
  database.close();
  const older = await world.client();
  const refused = await older.call("codex", request("SAY-HELLO", "review-after-v1"));
  expect(refused).toMatchObject({ isError: true, data: { code: "state_newer" } });
  const { data } = await older.call("codex_status", {});
  expect(data["tasks"]).toMatchObject([{ task_id: "codex-review-before-v1", status: "completed" }]);
  const status = await older.call("codex_status", { task_id: "codex-review-before-v1" });
  expect(status.data).toMatchObject({ status: "completed", result: "Hello." });
});

test("the clock jumps: order, times and limits stay", async () => {
  // What jumps is what the records say: a clock that is set back and forth between the starts.
  const client = await world.client();
  for (const name of ["a", "b", "c"]) {
    await client.call("codex", request("SAY-HELLO", `review-${name}-v1`));
    const database = new Database(join(world.stateHome, "codexmcp.db"));
    const jump = name === "b" ? "2001-01-01T00:00:00.000Z" : "2099-01-01T00:00:00.000Z";
    database
      .query("UPDATE tasks SET start_time = ?, record = json_set(record, '$.start_time', ?) WHERE task_id = ?")
      .run(jump, jump, `codex-review-${name}-v1`);
    database.close();
  }
  const { data } = await client.call("codex_status", {});
  const tasks = data["tasks"] as { topic: string; elapsed_seconds: number }[];
  expect(tasks.map(({ topic }) => topic)).toEqual(["review-c-v1", "review-b-v1", "review-a-v1"]);
  expect(tasks.filter(({ elapsed_seconds }) => elapsed_seconds > 60)).toEqual([]);
});

test("earlier runs' files are kept within the same limits as tasks", async () => {
  const client = await world.client({ CODEXMCP_KEEP_TASKS: "2", CODEXMCP_KEEP_SECONDS: "0" });
  const paths = folderOf("codex-review-daily-v1");
  for (let run = 1; run <= 5; run++) {
    expect((await client.call("codex", request("SAY-HELLO", "review-daily-v1"))).data).toMatchObject({ success: true });
    await world.until(() => supervisorOf("codex-review-daily-v1") === 0);
  }
  const kept = () =>
    Bun.spawnSync(["ls", join(paths, "runs")])
      .stdout.toString()
      .trim()
      .split("\n");
  expect(kept()).toEqual(["3", "4"]);
  const clean = Bun.spawnSync([BINARY, "clean", "--keep", "1", "--yes"], { env: world.environment(), stdin: "ignore" });
  expect(clean.stdout.toString()).toContain("run 3 of codex-review-daily-v1");
  expect(kept()).toEqual(["4"]);
});

test("a task folder that was deleted, or replaced by something else, breaks no list and no other task", async () => {
  const client = await world.client();
  for (const name of ["gone", "file"]) {
    const task_id = `codex-review-${name}-v1`;
    await client.call("codex_dispatch", request("FOREVER", `review-${name}-v1`));
    await world.until(isWorking(task_id));
    signal(
      processesOf(task_id).map(({ pid }) => pid),
      "SIGKILL",
    );
    rmSync(folderOf(task_id), { recursive: true });
    if (name === "file") writeFileSync(folderOf(task_id), "a file");
  }
  writeFileSync(join(world.stateHome, "tasks", "codex-x"), "a file");
  mkdirSync(join(world.stateHome, "tasks", "codex-y"));
  const { data, isError } = await client.call("codex_status", {});
  expect(isError).toBe(false);
  expect(data["tasks"]).toMatchObject([{ status: "failed" }, { status: "failed" }]);
  const unreadable = data["unreadable"] as { task_id: string; fix: string }[];
  expect(unreadable.map(({ task_id }) => task_id).toSorted()).toEqual(["codex-x", "codex-y"]);
  expect((await client.call("codex", request("SAY-HELLO", "review-fine-v1"))).data).toMatchObject({ success: true });
  for (const command of [["tasks"], ["worktrees"], ["doctor"]]) {
    const run = Bun.spawnSync([BINARY, ...command], { env: world.environment(), stdin: "ignore" });
    expect({ command, said: run.stderr.toString() }).toEqual({ command, said: "" });
  }
  expect(readFileSync(join(world.stateHome, "tasks", "codex-x"), "utf8")).toBe("a file");
});

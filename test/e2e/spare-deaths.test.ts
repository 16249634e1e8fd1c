import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readMeta } from "#store/tasks/meta-file.ts";
import { sparePaths, storePaths, taskPaths } from "#store/store-paths.ts";
import { isCodexCommand } from "../support/engines.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { processesOf } from "../support/processes.ts";
import { signal, TaskWorld } from "../support/task-world.ts";

// Spare Codex processes (docs/decisions/020-spare.md) whose tasks lose a process, or cannot start.

let world: TaskWorld;
let client: McpClient;

beforeEach(async () => {
  world = new TaskWorld();
  client = await world.client();
});
afterEach(() => world.close());

/** Runs a task to its end. @returns its record */
async function run(prompt: string, more: object = {}) {
  const { data } = await client.call("codex", { prompt, cwd: world.root, sandbox: "read-only", ...more });
  return recordOf(String(data["task_id"]));
}

function recordOf(taskId: string) {
  const record = readMeta(taskPaths(world.stateHome, taskId).meta);
  if (record === undefined) throw new Error(`${taskId} has no record`);
  return record;
}

/** Waits until the server keeps a process ready. @returns its id */
async function spareReady(): Promise<string> {
  const found = () => world.spares().find((id) => existsSync(sparePaths(world.stateHome, id).socket));
  await world.until(() => found() !== undefined);
  return found() ?? "";
}

function processOf(id: string) {
  return processesOf(world.root).filter(({ command }) => command.includes(`/spares/${id}/`));
}

/** Ends the time in which the supervisor of a task that was started may still report. */
function endGrace(taskId: string): void {
  const index = new Database(storePaths(world.stateHome).database);
  index.run("UPDATE tasks SET record = json_remove(record, '$.launched') WHERE task_id = ?", [taskId]);
  index.close();
}

test("a run that cannot start in it ends it", async () => {
  await run("SAY-HELLO");
  const ready = await spareReady();
  mkdirSync(taskPaths(world.stateHome, "codex-review-no-link-v1").appServer, { recursive: true });
  const failed = await run("SAY-HELLO", { topic: "review-no-link-v1" });
  expect(failed).toMatchObject({ status: "failed", spare: { id: ready } });
  await world.until(() => processOf(ready).length === 0 && !existsSync(sparePaths(world.stateHome, ready).folder));
});

for (const how of ["cancelled", "failed"]) {
  test(`a task whose server died before the supervisor started is ${how}, and it ends`, async () => {
    const programs = world.folder("programs");
    const tmux = join(programs, "tmux");
    const begun = join(programs, "begun");
    const script = `case "$*" in *new-session*) echo > "${begun}"; exec sleep 4;; esac\nexec ${Bun.which("tmux")} "$@"\n`;
    writeFileSync(tmux, `#!/bin/sh\n${script}`, { mode: 0o755 });
    const other = await world.client({ PATH: `${programs}:${world.environment()["PATH"]}` });
    const request = { prompt: "SAY-HELLO", cwd: await world.repository(), topic: "implement-lost-v1" };
    const task_id = "codex-implement-lost-v1";
    void other.call("codex", { ...request, sandbox: "full-access" }).catch(() => undefined);
    await world.until(() => existsSync(begun));
    const given = recordOf(task_id).spare?.id ?? "";
    signal([other.pid], "SIGKILL");
    expect(processOf(given)).toHaveLength(1);
    if (how === "cancelled") await client.call("codex_cancel", { task_id });
    else endGrace(task_id);
    expect(await world.waitForEnd(client, task_id)).toMatchObject({ status: how });
    // It has the server's environment, with what is secret in it.
    expect(existsSync(taskPaths(world.stateHome, task_id).handover)).toBe(false);
    expect([processOf(given).length, existsSync(sparePaths(world.stateHome, given).folder)]).toEqual([0, false]);
  });
}

test("a run whose supervisor died before it had linked the socket goes on in it", async () => {
  await run("SAY-HELLO");
  const ready = await spareReady();
  const { data } = await client.call("codex_dispatch", { prompt: "WORK", cwd: world.root, sandbox: "read-only" });
  const taskId = String(data["task_id"]);
  const paths = taskPaths(world.stateHome, taskId);
  await world.until(() => readFileSync(paths.log, "utf8").includes("command_execution"));
  process.kill(world.supervisorOf(taskId), "SIGKILL");
  rmSync(paths.appServer);
  expect(await world.waitForEnd(client, taskId)).toMatchObject({ status: "completed", result: "Worked." });
  expect(recordOf(taskId).spare?.id).toBe(ready);
  await world.until(() => processOf(ready).length === 0);
});

// The process has half a minute to answer, so only with CODEXMCP_TEST_LONG=1.
const isLong = process.env["CODEXMCP_TEST_LONG"] === "1";
if (!isLong) console.warn("SKIPPED: a spare process that does not answer; CODEXMCP_TEST_LONG=1 takes the time");
test.skipIf(!isLong)(
  "a task whose process does not answer is done in a new app-server, and can ask",
  async () => {
    await run("SAY-HELLO");
    const ready = await spareReady();
    for (const { pid, command } of processOf(ready)) {
      if (isCodexCommand(command)) process.kill(pid, "SIGSTOP");
    }
    const done = await run("SAY-HELLO", { topic: "implement-silent-v1", sandbox: "workspace-write", approvals: "ask" });
    expect(done).toMatchObject({ status: "completed", result: "Hello.", engine: "app-server" });
    expect(done.spare).toBeUndefined();
    await world.until(() => processOf(ready).length === 0);
  },
  120_000,
);

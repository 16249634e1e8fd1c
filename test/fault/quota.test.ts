// Deaths and sleep while tasks wait for their quota: each continues once, and none before the reset.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { TESTED_ENGINES } from "../support/engines.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { signal, TaskWorld } from "../support/task-world.ts";
import { limitUsage, type UsageLimit } from "../support/usage-limit.ts";

let world: TaskWorld;
let count = 0;

beforeAll(() => {
  world = new TaskWorld();
});
afterEach(() => {
  world.stub.refuse = () => undefined;
});
afterAll(() => world.close());

async function start(client: McpClient, more: object = {}): Promise<string> {
  const prompt = `PROMPT-${++count}.`;
  world.stub.script(prompt, [{ say: `Done ${count}.` }]);
  const { data } = await client.call("codex_dispatch", world.request(prompt, `quota-fault-v${count}`, more));
  return String(data["task_id"]);
}

async function untilWaiting(client: McpClient, taskId: string): Promise<void> {
  await world.until(async () => {
    const { data } = await client.call("codex_status", { task_id: taskId });
    if (data["status"] === "failed") throw new Error(JSON.stringify(data));
    return data["status"] === "waiting";
  });
}

const wait = async (client: McpClient, taskId: string) =>
  (await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 60 })).data["done"];

/** How often the newest request says a text. */
const timesSaid = (text: string) => JSON.stringify(world.stub.requests.at(-1)?.input).split(text).length - 1;

function expectContinuedOnce(limit: UsageLimit): void {
  expect(limit.refused).toHaveLength(1);
  expect(limit.answered).toHaveLength(1);
  expect(Math.min(...limit.answered)).toBeGreaterThanOrEqual(limit.until);
  expect(timesSaid("PROMPT-")).toBe(1);
  expect(timesSaid("Continue: a usage limit")).toBe(1);
}

describe.each([...TESTED_ENGINES])("with %s", (engine) => {
  const environment = { CODEXMCP_ENGINE: engine, CODEXMCP_SPARE: "0" };

  test("server and supervisor are killed while a task waits: the next server continues it", async () => {
    const first = await world.client(environment);
    const limit = limitUsage(world.stub, 6, "headers");
    const taskId = await start(first);
    await untilWaiting(first, taskId);
    signal([first.pid, world.supervisorOf(taskId)], "SIGKILL");
    const next = await world.client(environment);
    await untilWaiting(next, taskId);
    expect(await wait(next, taskId)).toMatchObject([{ success: true, result: `Done ${count}.` }]);
    expectContinuedOnce(limit);
  });

  test("a wait that has begun goes on, whoever finds it without a supervisor: also a server that begins none", async () => {
    const first = await world.client(environment);
    const limit = limitUsage(world.stub, 6, "headers");
    const taskId = await start(first);
    await untilWaiting(first, taskId);
    signal([first.pid, world.supervisorOf(taskId)], "SIGKILL");
    const next = await world.client({ ...environment, CODEXMCP_QUOTA_WAIT: "0" });
    expect(await wait(next, taskId)).toMatchObject([{ success: true, result: `Done ${count}.` }]);
    expectContinuedOnce(limit);
  });

  test("they are killed, and the reset passes before anyone looks: it is continued at once", async () => {
    const first = await world.client(environment);
    const limit = limitUsage(world.stub, 4, "headers");
    const taskId = await start(first);
    await untilWaiting(first, taskId);
    signal([first.pid, world.supervisorOf(taskId)], "SIGKILL");
    await world.until(() => Date.now() > limit.until);
    const next = await world.client(environment);
    expect(await wait(next, taskId)).toMatchObject([{ success: true, result: `Done ${count}.` }]);
    expectContinuedOnce(limit);
  });

  test("a supervisor that was stopped over the reset, as by a sleep of the machine, continues then", async () => {
    const client = await world.client(environment);
    const limit = limitUsage(world.stub, 4, "headers");
    const taskId = await start(client);
    await untilWaiting(client, taskId);
    const stopped = world.processesOf(taskId).map(({ pid }) => pid);
    for (const pid of stopped) await world.stop(pid);
    await world.until(() => Date.now() > limit.until + 1000);
    expect(limit.answered).toHaveLength(0);
    signal(stopped, "SIGCONT");
    expect(await wait(client, taskId)).toMatchObject([{ success: true, result: `Done ${count}.` }]);
    expectContinuedOnce(limit);
  });

  test("supervisors that are killed at any moment around the reset start the turn once", async () => {
    const client = await world.client(environment);
    const outcomes: unknown[] = [];
    for (const delayMs of [100, 300, 600, 900, 1200, 1600]) {
      const limit = limitUsage(world.stub, 4, "headers");
      const taskId = await start(client);
      await untilWaiting(client, taskId);
      const supervisor = world.supervisorOf(taskId);
      await world.until(() => Date.now() > limit.until + delayMs);
      // It may have ended.
      if (world.supervisorOf(taskId) === supervisor && supervisor !== 0) killIfThere(supervisor);
      outcomes.push(await wait(client, taskId));
      expect(outcomes.at(-1)).toMatchObject([{ success: true, result: `Done ${count}.` }]);
      expectContinuedOnce(limit);
    }
    expect(outcomes).toHaveLength(6);
  }, 120_000);

  test("a cancel while server and supervisor are dead leaves nothing", async () => {
    const first = await world.client(environment);
    limitUsage(world.stub, 600, "headers");
    const taskId = await start(first);
    await untilWaiting(first, taskId);
    signal([first.pid, world.supervisorOf(taskId)], "SIGKILL");
    const next = await world.client(environment);
    await next.call("codex_cancel", { task_id: taskId });
    await world.until(async () => {
      const { data } = await next.call("codex_status", { task_id: taskId });
      return data["status"] === "cancelled";
    });
    await world.until(() => world.processesOf(taskId).length === 0);
    world.forgetLimits();
  });
});

test("tasks that wait for one limit send nothing before its reset", async () => {
  const client = await world.client({ CODEXMCP_SPARE: "0" });
  const other = await world.client({ CODEXMCP_SPARE: "0" });
  const limit = limitUsage(world.stub, 5, "headers");
  const ids = [await start(client)];
  await untilWaiting(client, ids[0] ?? "");
  for (const by of [client, other, client]) ids.push(await start(by));
  for (const id of ids) expect(await wait(other, id)).toMatchObject([{ success: true }]);
  expect(limit.refused).toHaveLength(1);
  expect(limit.answered).toHaveLength(ids.length);
  expect(Math.min(...limit.answered)).toBeGreaterThanOrEqual(limit.until);
});

test("with a limit of running tasks, one that waits in the queue for its quota keeps no other account's task from starting", async () => {
  const client = await world.client({ CODEXMCP_SPARE: "0", CODEXMCP_MAX_CONCURRENT: "2" });
  limitUsage(world.stub, 600, "headers", { isLimited: ({ model }) => model !== "other-model" });
  const first = await start(client);
  await untilWaiting(client, first);
  const queued = await start(client);
  const { data } = await client.call("codex_status", { task_id: queued });
  expect(data).toMatchObject({ status: "queued" });
  const free = await world.client({
    CODEXMCP_SPARE: "0",
    CODEXMCP_MAX_CONCURRENT: "2",
    CODEX_HOME: world.secondCodexHome(),
  });
  const third = await start(free, { model: "other-model" });
  expect(await wait(free, third)).toMatchObject([{ success: true }]);
  for (const id of [first, queued]) await client.call("codex_cancel", { task_id: id });
  world.forgetLimits();
});

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

// A usage limit of the account, as real Codex reports it: the task waits for the reset, and continues in its session.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { idOf } from "../support/git-world.ts";
import { TESTED_ENGINES } from "../support/engines.ts";
import type { McpClient } from "../support/mcp-client.ts";
import type { StubRequest } from "../support/model-stub.ts";
import { TaskWorld } from "../support/task-world.ts";
import { limitHeaders, type LimitForm, limitUsage } from "../support/usage-limit.ts";
import { BINARY } from "../support/world.ts";

let world: TaskWorld;
let count = 0;

beforeAll(() => {
  world = new TaskWorld();
});
beforeEach(() => {
  world.stub.refuse = () => undefined;
  world.stub.headers = () => ({});
});
afterAll(() => world.close());

const logOf = (taskId: string) => readFileSync(join(world.folderOf(taskId), "codex-exec.log"), "utf8");
const promptsOf = () => JSON.stringify(world.stub.requests.at(-1)?.input).split("PROMPT-").length - 1;

/** Starts a task whose prompt is in the session once if it was said once. */
async function start(client: McpClient, more: object = {}): Promise<{ taskId: string; data: Record<string, unknown> }> {
  const prompt = `PROMPT-${++count}.`;
  world.stub.script(prompt, [{ say: `Done ${count}.` }]);
  const { data } = await client.call("codex_dispatch", world.request(prompt, `quota-test-v${count}`, more));
  return { taskId: idOf(data), data };
}

const statusOf = async (client: McpClient, taskId: string) =>
  (await client.call("codex_status", { task_id: taskId })).data;

async function untilWaiting(client: McpClient, taskId: string): Promise<Record<string, unknown>> {
  let seen: Record<string, unknown> = {};
  await world.until(async () => {
    seen = await statusOf(client, taskId);
    if (seen["status"] === "failed") throw new Error(JSON.stringify(seen));
    return seen["status"] === "waiting";
  });
  return seen;
}

/** Waits until a task has ended: a time to the minute is up to a minute away, and one call waits less than that. */
async function wait(client: McpClient, taskId: string): Promise<unknown[]> {
  for (let calls = 0; calls < 4; calls++) {
    const { data } = await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 100 });
    const done = data["done"];
    if (Array.isArray(done) && done.length > 0) return done;
  }
  throw new Error(`${taskId} did not end`);
}

describe.each([...TESTED_ENGINES])("with %s", (engine) => {
  let client: McpClient;
  beforeAll(async () => {
    client = await world.client({ CODEXMCP_ENGINE: engine, CODEXMCP_SPARE: "0" });
  });

  test.each<LimitForm>(["headers", "only headers", "stream", "text"])(
    "a task waits for the reset and completes (%s)",
    async (form) => {
      const limit = limitUsage(world.stub, 4, form);
      const { taskId } = await start(client);
      const waiting = await untilWaiting(client, taskId);
      expect(waiting["stalled"]).toMatch(/^waiting for the quota until (\d{4}-\d\d-\d\d )?\d\d:\d\d$/);
      expect(await wait(client, taskId)).toMatchObject([{ success: true, result: `Done ${count}.` }]);
      expect(limit.refused).toHaveLength(1);
      expect(limit.answered).toHaveLength(1);
      expect(promptsOf()).toBe(1);
      expect(await statusOf(client, taskId)).not.toHaveProperty("stalled");
    },
    120_000,
  );

  test("without a reset, a task fails at once", async () => {
    for (const form of ["no time", "insufficient_quota"] as const) {
      const limit = limitUsage(world.stub, 60, form);
      const { taskId } = await start(client);
      expect(await wait(client, taskId)).toMatchObject([{ success: false, code: "rate_limited" }]);
      expect(limit.refused).toHaveLength(1);
    }
  });

  test("a reset that is later than the task may run fails it at once, with the time in the hint", async () => {
    const limit = limitUsage(world.stub, 600, "headers");
    const { taskId } = await start(client, { timeout_seconds: 500 });
    const done = await wait(client, taskId);
    expect(done).toMatchObject([{ success: false, code: "rate_limited" }]);
    expect(JSON.stringify(done)).toContain("The limit is reset at");
    expect(limit.refused).toHaveLength(1);
    world.forgetLimits();
  });

  test("a cancel while it waits leaves nothing", async () => {
    limitUsage(world.stub, 600, "headers");
    const { taskId } = await start(client);
    await untilWaiting(client, taskId);
    expect((await client.call("codex_cancel", { task_id: taskId })).data).toMatchObject({ status: "cancelled" });
    await world.until(() => world.processesOf(taskId).length === 0);
    const ended = await statusOf(client, taskId);
    expect(ended).toMatchObject({ status: "cancelled", code: "cancelled" });
    expect(ended).not.toHaveProperty("stalled");
    world.forgetLimits();
  });

  test("a message that comes while it waits is said after it", async () => {
    limitUsage(world.stub, 4, "headers");
    const { taskId } = await start(client);
    await untilWaiting(client, taskId);
    world.stub.script("And this.", [{ say: "Both done." }]);
    // Under exec, messages are said only after turns.
    const when = engine === "exec" ? { when: "after" } : {};
    const sent = await client.call("codex_send", { task_id: taskId, message: "And this.", ...when });
    expect(sent.data).toMatchObject({ delivery: "queued", status: "waiting" });
    expect(await wait(client, taskId)).toMatchObject([{ success: true, result: "Both done." }]);
    expect(logOf(taskId).indexOf(`"Done ${count}."`)).toBeLessThan(logOf(taskId).indexOf('"Both done."'));
  });

  test("a limit that is reached again is waited for again", async () => {
    const limit = limitUsage(world.stub, 4, "headers", { again: 2 });
    const { taskId } = await start(client);
    expect(await wait(client, taskId)).toMatchObject([{ success: true, result: `Done ${count}.` }]);
    expect([limit.refused.length, limit.answered.length]).toEqual([2, 1]);
    expect(Math.min(...limit.answered)).toBeGreaterThanOrEqual(limit.until);
    expect(promptsOf()).toBe(1);
  });

  test("a task that is started meanwhile stays queued until the reset, and says why", async () => {
    const limit = limitUsage(world.stub, 5, "headers");
    const first = await start(client);
    await untilWaiting(client, first.taskId);
    const second = await start(client);
    expect(second.data).toMatchObject({ status: "queued" });
    await world.until(async () => "stalled" in (await statusOf(client, second.taskId)));
    expect(await statusOf(client, second.taskId)).toMatchObject({
      status: "queued",
      stalled: expect.stringContaining("waiting for the quota until"),
    });
    expect(await wait(client, second.taskId)).toMatchObject([{ success: true }]);
    expect(await wait(client, first.taskId)).toMatchObject([{ success: true }]);
    expect(limit.refused).toHaveLength(1);
    expect(Math.min(...limit.answered)).toBeGreaterThanOrEqual(limit.until);
  });
});

test.each(["first", "second"])("a goal is pursued again after its %s turn has reached the limit", async (which) => {
  const client = await world.client({ CODEXMCP_ENGINE: "app-server" });
  const next = "Continue working toward the active thread goal";
  world.stub.script("GOAL-PROMPT", [{ say: "The first part is done." }]);
  world.stub.script(next, [{ call: "update_goal", args: { status: "complete" } }, { say: "All is done." }]);
  const isLimited = ({ input }: StubRequest) => which === "first" || JSON.stringify(input).includes(next);
  const limit = limitUsage(world.stub, 4, "headers", { isLimited });
  const request = world.request("GOAL-PROMPT", `goal-${which}-v1`, { goal: "Finish it" });
  const taskId = idOf((await client.call("codex_dispatch", request)).data);
  expect(await wait(client, taskId)).toMatchObject([
    { success: true, result: "All is done.", goal_state: { status: "complete" } },
  ]);
  // Codex may have begun the goal's own turn before the first one was known to have failed.
  expect(limit.refused.length).toBeLessThanOrEqual(which === "first" ? 2 : 1);
});

test.each([
  ["CODEXMCP_QUOTA_WAIT=0: a task fails at once, and none waits in the queue", "0"],
  ["a limit that lasts longer than CODEXMCP_QUOTA_WAIT keeps no task in the queue", "60"],
])("%s", async (_, CODEXMCP_QUOTA_WAIT) => {
  const client = await world.client({ CODEXMCP_QUOTA_WAIT });
  const limit = limitUsage(world.stub, 300, "headers");
  for (let index = 0; index < 2; index++) {
    const { taskId } = await start(client);
    expect(await wait(client, taskId)).toMatchObject([{ success: false, code: "rate_limited" }]);
  }
  expect(limit.refused).toHaveLength(2);
  world.forgetLimits();
});

test("after a new login, waiting and queued tasks continue at once", async () => {
  const client = await world.client();
  limitUsage(world.stub, 600, "headers");
  const first = await start(client);
  await untilWaiting(client, first.taskId);
  const second = await start(client);
  expect(second.data).toMatchObject({ status: "queued" });
  world.stub.refuse = () => undefined;
  writeFileSync(join(world.codexHome, "auth.json"), JSON.stringify({ OPENAI_API_KEY: "other" }), { mode: 0o600 });
  expect(await wait(client, first.taskId)).toMatchObject([{ success: true }]);
  expect(await wait(client, second.taskId)).toMatchObject([{ success: true }]);
  rmSync(join(world.codexHome, "auth.json"));
});

test("what is left of the limits is shown, to whom Codex tells it; files of it are private", async () => {
  const client = await world.client();
  const reset = Math.floor(Date.now() / 1000) + 3600;
  expect((await client.call("codex_status", {})).data).not.toHaveProperty("limits", expect.stringContaining("63 %"));
  world.stub.headers = () => limitHeaders(63, reset);
  const { taskId } = await start(client);
  await wait(client, taskId);
  const { data } = await client.call("codex_status", {});
  expect(data["limits"]).toMatch(
    /^63 % of the 5-hour limit used, resets .*\d\d:\d\d; 12 % of the weekly limit used, resets /,
  );
  const environment = world.environment();
  const doctor = Bun.spawnSync([BINARY, "doctor"], { env: environment, cwd: world.root }).stdout.toString();
  expect(doctor).toMatch(/63 % of the 5-hour limit used, resets /);
  const json = Bun.spawnSync([BINARY, "tasks", "--json"], { env: environment, cwd: world.root }).stdout.toString();
  expect(JSON.parse(json)).toMatchObject({
    limits: { primary: { used_percent: 63, window_minutes: 300 }, secondary: { used_percent: 12 } },
  });
  const folder = join(world.stateHome, "limits");
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const names = [...new Bun.Glob("*").scanSync(folder)];
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test("commands say what a waiting task waits for, and how to end it", async () => {
  const client = await world.client();
  limitUsage(world.stub, 600, "headers");
  const { taskId } = await start(client);
  await untilWaiting(client, taskId);
  const run = (...args: string[]) =>
    Bun.spawnSync([BINARY, ...args], { env: world.environment(), cwd: world.root }).stdout.toString();
  const shown = run("show", taskId);
  expect(shown).toMatch(/waiting for the quota until /);
  expect(shown).toContain(`codex-mcp-server cancel ${taskId}`);
  expect(shown).not.toContain("codex-mcp-server answer");
  expect(run("tasks", "--json")).toMatch(/"stalled": ?"waiting for the quota until /);
  expect(run("logs", taskId)).toMatch(/waiting for the quota until .*usage limit/);
  const { data } = await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 1 });
  expect(data).toMatchObject({
    running: [{ status: "waiting", activity: expect.stringMatching(/^waiting for the quota/) }],
  });
  expect(data).not.toHaveProperty("waiting");
  await client.call("codex_cancel", { task_id: taskId });
  world.forgetLimits();
});

// A usage limit of the account, as real Codex reports it: the task waits for the reset, and continues in its session.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { TaskWorld } from "../support/task-world.ts";
import { limitHeaders, type LimitForm, UsageLimit } from "../support/usage-limit.ts";

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

const idOf = (data: Record<string, unknown>) => String(data["task_id"]);
const logOf = (taskId: string) => readFileSync(join(world.folderOf(taskId), "codex-exec.log"), "utf8");
const promptsOf = () => JSON.stringify(world.stub.requests.at(-1)?.input).split("PROMPT-").length - 1;

/** Starts a task whose prompt is in the session once if it was said once. */
async function start(client: McpClient, more: object = {}): Promise<{ taskId: string; data: Record<string, unknown> }> {
  const prompt = `PROMPT-${++count}`;
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

const wait = async (client: McpClient, taskId: string) =>
  (await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 100 })).data["done"];

describe.each(["exec", "app-server"])("with %s", (engine) => {
  let client: McpClient;
  beforeAll(async () => {
    client = await world.client({ CODEXMCP_ENGINE: engine, CODEXMCP_SPARE: "0" });
  });

  test.each<LimitForm>(["headers", "only headers", "stream", "text"])(
    "a task waits for the reset and completes (%s)",
    async (form) => {
      const limit = new UsageLimit(world.stub, 3, form);
      const { taskId } = await start(client);
      const waiting = await untilWaiting(client, taskId);
      expect(waiting["stalled"]).toMatch(/^waiting for the quota until (\d{4}-\d\d-\d\d )?\d\d:\d\d$/);
      expect(await wait(client, taskId)).toMatchObject([{ success: true, result: `Done ${count}.` }]);
      expect(limit.refused).toHaveLength(1);
      expect(limit.answered).toHaveLength(1);
      expect(promptsOf()).toBe(1);
      expect(await statusOf(client, taskId)).not.toHaveProperty("stalled");
    },
    100_000,
  );

  test("without a reset, a task fails at once", async () => {
    for (const form of ["no time", "insufficient_quota"] as const) {
      const limit = new UsageLimit(world.stub, 60, form);
      const { taskId } = await start(client);
      expect(await wait(client, taskId)).toMatchObject([{ success: false, code: "rate_limited" }]);
      expect(limit.refused).toHaveLength(1);
    }
  });

  test("a reset that is later than the task may run fails it at once, with the time in the hint", async () => {
    const limit = new UsageLimit(world.stub, 600, "headers");
    const { taskId } = await start(client, { timeout_seconds: 500 });
    const done = await wait(client, taskId);
    expect(done).toMatchObject([{ success: false, code: "rate_limited" }]);
    expect(JSON.stringify(done)).toContain("The limit is reset at");
    expect(limit.refused).toHaveLength(1);
    forgetLimits();
  });

  test("a cancel while it waits leaves nothing", async () => {
    new UsageLimit(world.stub, 600, "headers");
    const { taskId } = await start(client);
    await untilWaiting(client, taskId);
    expect((await client.call("codex_cancel", { task_id: taskId })).data).toMatchObject({ status: "cancelled" });
    await world.until(() => world.processesOf(taskId).length === 0);
    const ended = await statusOf(client, taskId);
    expect(ended).toMatchObject({ status: "cancelled", code: "cancelled" });
    expect(ended).not.toHaveProperty("stalled");
    forgetLimits();
  });

  test("a message that comes while it waits is said after it", async () => {
    new UsageLimit(world.stub, 3, "headers");
    const { taskId } = await start(client);
    await untilWaiting(client, taskId);
    world.stub.script("And this.", [{ say: "Both done." }]);
    await client.call("codex_send", { task_id: taskId, message: "And this." });
    expect(await wait(client, taskId)).toMatchObject([{ success: true, result: "Both done." }]);
    expect(logOf(taskId).indexOf(`"Done ${count}."`)).toBeLessThan(logOf(taskId).indexOf('"Both done."'));
  });

  test("a limit that is reached again is waited for again", async () => {
    const first = new UsageLimit(world.stub, 2, "headers");
    const { taskId } = await start(client);
    await untilWaiting(client, taskId);
    await world.until(() => Date.now() >= first.until);
    const second = new UsageLimit(world.stub, 3, "headers");
    expect(await wait(client, taskId)).toMatchObject([{ success: true, result: `Done ${count}.` }]);
    expect([first.refused.length, second.refused.length, second.answered.length]).toEqual([1, 1, 1]);
    expect(promptsOf()).toBe(1);
  });

  test("a task that is started meanwhile stays queued until the reset, and says why", async () => {
    const limit = new UsageLimit(world.stub, 5, "headers");
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

function forgetLimits(): void {
  for (const name of new Bun.Glob("*.reached.json").scanSync(join(world.stateHome, "limits"))) {
    Bun.spawnSync(["rm", join(world.stateHome, "limits", name)]);
  }
}

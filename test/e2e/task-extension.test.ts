import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { WireClient, type WireMessage, WITH_TASKS } from "../support/wire-client.ts";
import { World } from "../support/world.ts";

let world: World;
let repo: string;
let client: WireClient;

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  world.stub.script("QUICK", [{ say: "Done." }]);
  world.stub.script("AGAIN", [{ say: "Done again." }]);
  world.stub.script("SLOW", [{ say: "Looking." }, { run: "sleep 1.2" }, { say: "Done." }]);
  world.stub.script("FAIL", [{ fail: "no luck" }]);
  world.stub.script("ENDLESS", [{ run: "setsid sleep 300 & sleep 300" }, { say: "never" }]);
  client = new WireClient(world);
});
afterAll(async () => {
  await client.close();
  await world.close();
});

interface Task {
  taskId: string;
  status: string;
  statusMessage: string;
  createdAt: string;
  lastUpdatedAt: string;
  result?: { content: { text: string }[]; isError?: boolean; structuredContent?: Record<string, unknown> };
}

async function callCodex(prompt: string, topic: string, sandbox = "read-only"): Promise<WireMessage> {
  const params = { name: "codex", arguments: { prompt, cwd: repo, topic, sandbox } };
  return client.askModern("tools/call", params, WITH_TASKS);
}

function asTask({ result }: WireMessage): Task {
  expect(result).toMatchObject({ ttlMs: null, pollIntervalMs: 1000 });
  return result as unknown as Task;
}

async function get(taskId: string, from = client): Promise<Task> {
  const answer = await from.askModern("tasks/get", { taskId }, WITH_TASKS);
  expect(answer.result).toMatchObject({ resultType: "complete", taskId });
  return asTask(answer);
}

async function ended(taskId: string, from = client): Promise<Task> {
  await world.until(async () => (await get(taskId, from)).status !== "working");
  return get(taskId, from);
}

test("a call of codex is answered at once with a task, which tells what Codex does and has the result in the end", async () => {
  const created = await callCodex("SLOW", "review-slow-v1");
  expect(created.result).toMatchObject({ resultType: "task", status: "working" });
  expect(created.result).not.toHaveProperty("content");
  const { taskId, createdAt } = asTask(created);
  expect((await get(taskId)).status).toBe("working");
  await world.until(async () => (await get(taskId)).statusMessage === "$ sleep 1.2");
  const done = await ended(taskId);
  expect(done).toMatchObject({ status: "completed", statusMessage: "completed", createdAt });
  expect(done.lastUpdatedAt > createdAt).toBe(true);
  const structuredContent = { success: true, task_id: "codex-review-slow-v1", result: "Done." };
  expect(done.result).toMatchObject({ structuredContent });
  expect(JSON.parse(done.result?.content[0]?.text ?? "")).toEqual(done.result?.structuredContent);
});

test("other tools answer themselves, and so does a call that is refused", async () => {
  const params = { name: "codex_status", arguments: {} };
  expect((await client.askModern("tools/call", params, WITH_TASKS)).result).toMatchObject({ resultType: "complete" });
  const { result } = await callCodex(" ", "review-nothing-v1");
  expect(result).toMatchObject({ resultType: "complete", isError: true });
});

test("the tools take the id that such clients show their models, if it names the newest run", async () => {
  const call = async (name: string, args: object) => {
    const { result } = await client.askModern("tools/call", { name, arguments: args }, WITH_TASKS);
    return result;
  };
  const { taskId } = asTask(await callCodex("QUICK", "review-named-v1"));
  const done = [{ task_id: "codex-review-named-v1", success: true }];
  expect(await call("codex_wait", { task_ids: [taskId] })).toMatchObject({ structuredContent: { done } });
  await ended(asTask(await callCodex("QUICK", "review-named-v1")).taskId);
  const stale = await call("codex_cancel", { task_id: taskId });
  expect(stale?.["isError"]).toBe(true);
  expect(JSON.stringify(stale)).toContain("is not the newest run");
});

test("a task that failed is completed, with the error as its result", async () => {
  const { taskId } = asTask(await callCodex("FAIL", "review-fail-v1"));
  const task = await ended(taskId);
  expect(task.status).toBe("completed");
  expect(task.statusMessage).toContain("no luck");
  expect(task.result).toMatchObject({ isError: true });
  expect(task.result).not.toHaveProperty("structuredContent");
});

describe("tasks/cancel", () => {
  test("twice: no process is left, and the task is cancelled", async () => {
    const { taskId } = asTask(await callCodex("ENDLESS", "implement-endless-v1", "full-access"));
    await world.until(() => world.processes().some(({ command }) => command.startsWith("sleep")));
    const answers = await Promise.all([1, 2].map(() => client.askModern("tasks/cancel", { taskId }, WITH_TASKS)));
    for (const { result } of answers) expect(result).toMatchObject({ resultType: "complete" });
    expect(
      world
        .processes()
        .filter(({ pid }) => pid !== client.pid)
        .map(({ command }) => command),
    ).toEqual([]);
    expect(await get(taskId)).toMatchObject({ status: "cancelled" });
    expect(await get(taskId)).not.toHaveProperty("result");
    expect((await client.askModern("tasks/cancel", { taskId }, WITH_TASKS)).error).toBeUndefined();
  });
});

test("a server that is killed loses none of them: the next one knows the task, and each of its runs", async () => {
  const victim = new WireClient(world);
  const params = {
    name: "codex",
    arguments: { prompt: "SLOW", cwd: repo, topic: "review-lost-v1", sandbox: "read-only" },
  };
  const { taskId } = asTask(await victim.askModern("tools/call", params, WITH_TASKS));
  await victim.close("SIGKILL");
  expect((await ended(taskId)).result?.structuredContent).toMatchObject({ result: "Done." });
  const again = asTask(await callCodex("AGAIN", "review-lost-v1"));
  expect(again.taskId).not.toBe(taskId);
  expect((await ended(again.taskId)).result?.structuredContent).toMatchObject({ result: "Done again." });
  expect((await get(taskId)).result?.structuredContent).toMatchObject({ result: "Done." });
});

test("tasks/update is acknowledged; ids that are none are refused", async () => {
  const { taskId } = asTask(await callCodex("QUICK", "review-update-v1"));
  const update = await client.askModern("tasks/update", { taskId, inputResponses: {} }, WITH_TASKS);
  expect(update.result).toMatchObject({ resultType: "complete" });
  for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
    for (const unknown of ["codex-review-update-v1", "codex-review-update-v1.9", "../../etc.1", "-x.1"]) {
      const { error } = await client.askModern(method, { taskId: unknown }, WITH_TASKS);
      expect(error).toMatchObject({ code: -32_602, message: expect.stringContaining(unknown) as string });
    }
  }
  await ended(taskId);
});

test("who listens is told of each change, with the result in the end", async () => {
  const { taskId } = asTask(await callCodex("SLOW", "review-heard-v1"));
  const listen = { notifications: { taskIds: [taskId, "codex-none-v1.1"] }, _meta: WITH_TASKS };
  client.send({ id: "listen", method: "subscriptions/listen", params: listen });
  const isOurs = ({ method, params }: WireMessage) => method === "notifications/tasks" && params?.["taskId"] === taskId;
  const last = await client.until((message) => isOurs(message) && message.params?.["status"] === "completed");
  expect(last.params).toMatchObject({
    result: { structuredContent: { result: "Done." } },
    _meta: { "io.modelcontextprotocol/subscriptionId": "listen" },
  });
  const acknowledged = client.received.find(({ method }) => method === "notifications/subscriptions/acknowledged");
  expect(acknowledged?.params).toMatchObject({ notifications: { taskIds: [taskId] } });
  client.send({ method: "notifications/cancelled", params: { requestId: "listen" } });
});

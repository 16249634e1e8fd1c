import { afterAll, beforeAll, expect, test } from "bun:test";
import type { McpClient, ToolAnswer } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

const OPERATIONS = 1000;
const AT_ONCE = 9;

let world: World;
let clients: McpClient[];

beforeAll(async () => {
  world = new World();
  world.stub.script("QUICK", [{ say: "Done." }]);
  world.stub.script("LONG", [{ run: "sleep 600" }, { say: "Never said." }]);
  clients = await Promise.all([world.client(), world.client(), world.client()]);
});
afterAll(() => world.close());

test(`three processes on one store, ${OPERATIONS} operations: no lost update, no fault of the store`, async () => {
  const folder = world.folder("plain");
  const started: string[] = [];
  const cancelled = new Set<string>();
  const answers: ToolAnswer[] = [];
  let next = 0;

  const operate = async (number: number): Promise<ToolAnswer> => {
    const client = clients[number % clients.length] as McpClient;
    const known = started[Math.floor(Math.random() * started.length)];
    if (number % 20 === 0 || known === undefined) {
      const topic = `review-load_${number}-v1`;
      const prompt = number % 40 === 0 ? "LONG" : "QUICK";
      const answer = await client.call("codex_dispatch", { prompt, cwd: folder, topic, sandbox: "read-only" });
      if (!answer.isError) started.push(`codex-${topic}`);
      return answer;
    }
    if (number % 20 === 1) {
      const answer = await client.call("codex_cancel", { task_id: known });
      if (answer.data["status"] === "cancelled") cancelled.add(known);
      return answer;
    }
    return client.call("codex_status", number % 3 === 0 ? { limit: 100 } : { task_id: known });
  };
  const work = async () => {
    while (next < OPERATIONS) answers.push(await operate(next++));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));

  expect(answers.filter((answer) => answer.isError)).toEqual([]);
  expect(answers).toHaveLength(OPERATIONS);
  const [client] = clients as [McpClient];
  for (const task_id of started) await client.call("codex_cancel", { task_id });
  const { data } = await client.call("codex_status", { limit: 500 });
  const tasks = data["tasks"] as { task_id: string; status: string }[];
  expect(tasks.map((task) => task.task_id).toSorted()).toEqual(started.toSorted());
  expect(tasks.filter((task) => !["completed", "cancelled"].includes(task.status))).toEqual([]);
  for (const task of tasks) if (cancelled.has(task.task_id)) expect(task.status).toBe("cancelled");
}, 120_000);

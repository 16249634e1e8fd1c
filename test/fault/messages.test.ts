// Messages at random moments, also while supervisors are killed: each reaches Codex once, or its sender is told that it did not.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { isCodexCommand } from "../support/engines.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

const ROUNDS = Number(process.env["SEND_ROUNDS"] ?? 6);

let world: World;
let cwd: string;
beforeAll(async () => {
  world = new World();
  cwd = await world.repository();
  world.stub.script("WORK", [{ run: "sleep 0.2" }, { delayMs: 100 }, { run: "sleep 0.1" }, { say: "Worked." }]);
  world.stub.script("TOKEN", [{ run: "sleep 0.1" }, { say: "Noted." }]);
});
afterAll(() => world.close());

const TIMES = ["now", "after", "instead"] as const;

/** What became of one message. */
interface Outcome {
  engine: string;
  when: string;
  kills: number;
  /** What its sender was told: the delivery, or the error's code. */
  told: string;
  /** What the record says; absent if the message started the next run. */
  state: string | undefined;
  times: number;
  status: string;
}

/** Sends messages to a running task at random moments, while its supervisor is killed a number of times. */
async function play(engine: "app-server" | "exec", kills: number, round: number): Promise<Outcome[]> {
  const [client, other] = await clientsOf(engine);
  const { data } = await client.call("codex_dispatch", { prompt: "WORK", cwd, topic: `${engine}-${kills}-${round}` });
  const taskId = String(data["task_id"]);
  const killing = Array.from({ length: kills }, async () => {
    await Bun.sleep(Math.random() * 1500);
    killSupervisor(taskId);
  });
  const tokens = Array.from({ length: 1 + (round % 3) }, () => `TOKEN-${crypto.randomUUID()}`);
  const sent = await Promise.all(
    tokens.map(async (token) => {
      await Bun.sleep(Math.random() * 1200);
      const when = engine === "exec" ? "after" : (TIMES[Math.floor(Math.random() * 3)] ?? "now");
      const answer = await other.call("codex_send", { task_id: taskId, message: token, when });
      return { token, when, answer: answer.data };
    }),
  );
  await Promise.all(killing);
  await world.waitForEnd(client, taskId);
  const outcomes: Outcome[] = [];
  for (const { token, when, answer } of sent) {
    const { delivery, code, error } = answer as Record<string, string | undefined>;
    const told = delivery ?? `${code}: ${error}`.replaceAll(/\S*\d\S*/g, "…");
    // The task may have ended, and the message may have started its next run or gone to that.
    const last = typeof answer["task_id"] === "string" ? answer["task_id"] : taskId;
    const ended = await world.waitForEnd(client, last);
    const messages = (ended["messages"] ?? []) as { text: string; state: string }[];
    const state = messages.find(({ text }) => text === token)?.state;
    const status = [ended["status"], ended["error"]].filter(Boolean).join(": ");
    outcomes.push({ engine, when, kills, told, state, times: timesSeen(token), status });
  }
  return outcomes;
}

const clients = new Map<string, Promise<[McpClient, McpClient]>>();
function clientsOf(engine: string): Promise<[McpClient, McpClient]> {
  const client = () => world.client({ CODEXMCP_ENGINE: engine });
  const pair = clients.get(engine) ?? Promise.all([client(), client()]);
  clients.set(engine, pair);
  return pair;
}

const DELIVERIES: ReadonlySet<string> = new Set(["steered", "queued", "replaced"]);

/** Returns whether a message reached Codex once, and was told as that; or did not, and was told as that. */
function isHonest({ told, state, times, status }: Outcome): boolean {
  if (told === "started") return times === 1 && status === "completed";
  if (!DELIVERIES.has(told)) return times === 0;
  return state === "delivered" ? times === 1 : state === "undelivered" && times === 0 && status !== "completed";
}

for (const [name, kills] of [
  ["no supervisor killed", 0],
  ["one supervisor killed", 1],
  ["two supervisors killed", 2],
] as const) {
  test(
    `messages at random moments of ${ROUNDS} runs, ${name}: each is delivered once, or told as not delivered`,
    async () => {
      const outcomes: Outcome[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        outcomes.push(...(await play(round % 4 === 3 ? "exec" : "app-server", kills, round)));
      }
      const counts = new Map<string, number>();
      for (const { engine, when, told, state, times, status } of outcomes) {
        const key = `${engine}, ${when}: ${told}, then ${state ?? "next run"}, seen ${times}, task ${status}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      console.table(Object.fromEntries([...counts].toSorted(([a], [b]) => a.localeCompare(b))));
      expect(outcomes.filter((outcome) => !isHonest(outcome))).toEqual([]);
      await world.until(() => !world.processes().some(({ command }) => isCodexCommand(command)));
    },
    60_000 + ROUNDS * 20_000,
  );
}

/** How often the model has got a message, in the request in which it came most often: a thread's requests repeat what was before. */
function timesSeen(token: string): number {
  const counts = world.stub.requests.map(({ input }) => {
    const messages = input.filter(({ role }) => role === "user");
    return messages.filter((message) => JSON.stringify(message).includes(token)).length;
  });
  return Math.max(...counts);
}

function killSupervisor(taskId: string): void {
  const found = world
    .processes()
    .find(({ command }) => command.includes(`run-task ${taskId}`) && !/^\S*tmux/.test(command));
  if (found === undefined) return;
  process.kill(found.pid, "SIGKILL");
}

// Messages at random moments, also while supervisors are killed: each reaches Codex once, or its sender is told that it did not.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { isCodexCommand } from "../support/engines.ts";
import { World } from "../support/world.ts";

const ROUNDS = Number(process.env["SEND_ROUNDS"] ?? 6);

let world: World;
beforeAll(() => {
  world = new World();
});
afterAll(() => world.close());

test(`${ROUNDS} messages at random moments are each delivered once`, async () => {
  const cwd = await world.repository();
  const [client, other] = await Promise.all([0, 1].map(() => world.client({ CODEXMCP_ENGINE: "app-server" })));
  if (client === undefined || other === undefined) throw new Error("no clients");
  world.stub.script("WORK", [{ run: "sleep 0.2" }, { delayMs: 100 }, { run: "sleep 0.1" }, { say: "Worked." }]);
  world.stub.script("TOKEN", [{ say: "Noted." }]);
  const outcomes: Record<string, unknown>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { data } = await client.call("codex_dispatch", { prompt: "WORK", cwd, topic: `message-${round}` });
    const taskId = String(data["task_id"]);
    await Bun.sleep(Math.random() * 1200);
    const kills = round % 3 === 2;
    if (kills) killSupervisor(taskId);
    const token = `TOKEN-${round}-${crypto.randomUUID()}`;
    const when = ["now", "after", "instead"][round % 3 === 2 ? Math.floor(round / 3) % 3 : round % 3];
    const sent = await other.call("codex_send", { task_id: taskId, message: token, when });
    const last = typeof sent.data["task_id"] === "string" ? sent.data["task_id"] : taskId;
    await world.waitForEnd(client, taskId);
    const ended = await world.waitForEnd(client, last);
    const times = timesSeen(token);
    const isDelivered = sent.data["delivery"] !== undefined;
    outcomes.push({
      round,
      when,
      kills,
      delivery: sent.data["delivery"] ?? sent.data["code"],
      status: ended["status"],
      times,
    });
    expect({ token, times, outcome: outcomes.at(-1) }).toMatchObject({ times: isDelivered ? 1 : 0 });
    expect(ended["status"]).toBe("completed");
  }
  console.table(outcomes);
  await world.until(() => !world.processes().some(({ command }) => isCodexCommand(command)));
}, 600_000);

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

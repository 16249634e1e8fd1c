// Supervisors that are killed around the moment at which the tokens of their run are used.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TESTED_ENGINES } from "../support/engines.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { TOKENS_PER_ANSWER } from "../support/model-stub.ts";
import { TaskWorld } from "../support/task-world.ts";
import { tokensOf } from "../support/token-use.ts";

// More rounds: FAULT_ROUNDS=100 npm test -- test/fault/budget
const ROUNDS = Number(process.env["FAULT_ROUNDS"] ?? 6);

const { input, output } = TOKENS_PER_ANSWER;
/** Longest time after which a supervisor is killed, in milliseconds. */
const LONGEST_MS = 2500;

let world: TaskWorld;
beforeAll(() => {
  world = new TaskWorld();
});
afterAll(() => world.close());

async function playBudgetRound(
  client: McpClient,
  cwd: string,
  name: string,
  killAfterMs: number,
): Promise<Record<string, unknown>> {
  const go = join(world.root, `go-${name}`);
  const held = Promise.withResolvers<void>();
  world.stub.script(name, [
    { run: "echo one" },
    { run: `until [ -e ${go} ]; do sleep 0.05; done; echo let-go`, yieldMs: 60_000 },
    { until: () => held.promise },
    { say: "Never said." },
  ]);
  const request = { prompt: name, cwd, topic: name, sandbox: "full-access", max_tokens: input + output + 1 };
  const taskId = String((await client.call("codex_dispatch", request)).data["task_id"]);
  const log = () => readFileSync(join(world.folderOf(taskId), "codex-exec.log"), "utf8");
  await world.until(() => /"item.started"[^\n]*let-go/.test(log()));
  writeFileSync(go, "");
  await Bun.sleep(killAfterMs);
  const supervisor = world.supervisorOf(taskId);
  if (supervisor !== 0) process.kill(supervisor, "SIGKILL");
  const { data } = await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 40 });
  held.resolve();
  const [{ code, usage } = {}] = data["done"] as { code?: string; usage?: object }[];
  return { code, usage, counted: tokensOf(world.stateHome, taskId), wasKilled: supervisor !== 0 };
}

test.each([...TESTED_ENGINES])(
  `with %s, ${ROUNDS} times: the run ends, and all of its tokens are known`,
  async (engine) => {
    const client = await world.client({ CODEXMCP_ENGINE: engine });
    const cwd = world.folder("plain");
    let kills = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const found = await playBudgetRound(client, cwd, `ROUND-${engine}-${round}.`, (LONGEST_MS * round) / ROUNDS);
      if (found["wasKilled"] === true) kills++;
      expect(found).toMatchObject({
        code: "budget",
        usage: { input_tokens: 2 * input, output_tokens: 2 * output },
        counted: 2 * (input + output),
      });
    }
    expect(kills).toBeGreaterThan(0);
  },
  ROUNDS * 60_000,
);

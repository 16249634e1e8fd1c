// However a run ends, and while it runs, it is known how many tokens it has used.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isCodexFrom } from "../support/codex-version.ts";
import { TESTED_ENGINES, isCodexCommand } from "../support/engines.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { TOKENS_PER_ANSWER } from "../support/model-stub.ts";
import { type Step } from "../support/stub-script.ts";
import { TaskWorld } from "../support/task-world.ts";
import { tokensOf } from "../support/token-use.ts";
import { readMeta } from "#store/tasks/meta-file.ts";
import { taskPaths } from "#store/store-paths.ts";

let world: TaskWorld;
let cwd: string;

beforeAll(() => {
  world = new TaskWorld();
  cwd = world.folder("plain");
});
afterAll(() => world.close());

const { input, output } = TOKENS_PER_ANSWER;

/** Whether Codex's record has the tokens of an answer before its commands have ended. */
const countsAnswers = isCodexFrom("0.169.0");
if (!countsAnswers) console.warn("SKIPPED: this Codex counts an answer only when its commands have ended");

/** Starts a task whose second answer is held back until its end is over, and waits until the tokens of the first are known. */
async function startCounted(client: McpClient, name: string, last: Step, more: object = {}) {
  const held = Promise.withResolvers<void>();
  world.stub.script(name, [{ run: "echo one" }, { until: () => held.promise }, last]);
  const { data } = await client.call("codex_dispatch", { prompt: name, cwd, topic: name, ...more });
  const taskId = String(data["task_id"]);
  const status = async () => (await client.call("codex_status", { task_id: taskId })).data;
  // While it runs, too.
  await world.until(async () => JSON.stringify((await status())["usage"] ?? {}).includes(`"input_tokens":${input}`));
  return { taskId, status, free: () => held.resolve() };
}

type Counted = Awaited<ReturnType<typeof startCounted>>;

/** Ways in which a run ends, after its first answer. */
const ENDS: [code: string, last: Step, more: object, end: (task: Counted, client: McpClient) => unknown][] = [
  ["cancelled", { say: "." }, {}, ({ taskId }, client) => client.call("codex_cancel", { task_id: taskId })],
  ["codex_failed", { httpStatus: 400 }, {}, ({ free }) => free()],
  ["timeout", { say: "." }, { timeout_seconds: 4 }, () => undefined],
  ["idle_timeout", { say: "." }, { idle_timeout_seconds: 2 }, () => undefined],
  ["budget", { say: "." }, { max_tokens: 100 }, () => undefined],
  ["supervisor_lost", { say: "." }, {}, killAll],
];

/** Kills the supervisor and Codex of a task. */
async function killAll({ taskId }: Counted): Promise<void> {
  process.kill(world.supervisorOf(taskId), "SIGKILL");
  const processes = () => world.processes().filter(({ command }) => isCodexCommand(command));
  for (const { pid } of processes()) process.kill(pid, "SIGKILL");
  await world.until(() => processes().length === 0);
}

describe.each([...TESTED_ENGINES])("with %s", (engine) => {
  let client: McpClient;
  beforeAll(async () => {
    client = await world.client({ CODEXMCP_ENGINE: engine });
    await client.call("codex", { prompt: "SAY-HELLO", cwd });
  });

  test.each(ENDS)("a run that ends with %s", async (code, last, more, end) => {
    const task = await startCounted(client, `END-${code}-${engine}`, last, more);
    const { spare } = readMeta(taskPaths(world.stateHome, task.taskId).meta) ?? {};
    await end(task, client);
    let data: Record<string, unknown> = {};
    await world.until(async () => {
      data = await task.status();
      return data["code"] !== undefined;
    });
    task.free();
    expect(data).toMatchObject({ code, usage: { input_tokens: input, output_tokens: output } });
    expect(tokensOf(world.stateHome, task.taskId)).toBe(input + output);
    if (engine === "app-server") expect(spare).toBeDefined();
  });

  test.skipIf(!countsAnswers)(
    "the answer whose command is at work counts, while it runs and after a cancel; the next run has its own",
    async () => {
      const name = `AT-WORK-${engine}`;
      const held = Promise.withResolvers<void>();
      // Codex may ask once more when its command is ended before it is.
      const steps = [{ run: "sleep 600", yieldMs: 60_000 }, { until: () => held.promise }, { say: "Never said." }];
      world.stub.script(name, [{ run: "echo one" }, ...steps]);
      const { data } = await client.call("codex_dispatch", { prompt: name, cwd, topic: name });
      const taskId = String(data["task_id"]);
      const usage = async () => (await client.call("codex_status", { task_id: taskId })).data["usage"];
      const two = { input_tokens: 2 * input, output_tokens: 2 * output };
      await world.until(async () => JSON.stringify((await usage()) ?? {}).includes(`"input_tokens":${2 * input}`));
      await client.call("codex_cancel", { task_id: taskId });
      held.resolve();
      expect(await usage()).toMatchObject(two);
      expect(tokensOf(world.stateHome, taskId)).toBe(2 * (input + output));
      world.stub.script(`AGAIN-${engine}`, [{ run: "echo two" }, { say: "Done." }]);
      const next = await client.call("codex", { prompt: `AGAIN-${engine}`, resume: taskId });
      expect(next.data).toMatchObject({ success: true, usage: two });
      expect(tokensOf(world.stateHome, String(next.data["task_id"]))).toBe(2 * (input + output));
    },
  );

  test("a follow-up that is cancelled counts with the turns before it", async () => {
    const name = `FOLLOWED-${engine}`;
    const held = Promise.withResolvers<void>();
    const task = await startCounted(client, name, { say: "First." });
    world.stub.script(`Next ${engine}.`, [{ run: "echo two" }, { until: () => held.promise }, { say: "Second." }]);
    await client.call("codex_send", { task_id: task.taskId, message: `Next ${engine}.`, when: "after" });
    task.free();
    await world.until(async () =>
      JSON.stringify((await task.status())["usage"] ?? {}).includes(`"input_tokens":${3 * input}`),
    );
    await client.call("codex_cancel", { task_id: task.taskId });
    held.resolve();
    expect(await task.status()).toMatchObject({ status: "cancelled", usage: { input_tokens: 3 * input } });
    expect(tokensOf(world.stateHome, task.taskId)).toBe(3 * (input + output));
  });
});

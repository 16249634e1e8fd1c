// A run with a number of tokens: it ends at its first safe point after that, and keeps what it has.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TESTED_ENGINES } from "../support/engines.ts";
import { runCli } from "../support/command-line.ts";
import { hasLandlock } from "../support/landlock.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { TOKENS_PER_ANSWER } from "../support/model-stub.ts";
import { TaskWorld } from "../support/task-world.ts";
import { tokensOf } from "../support/token-use.ts";

const world = new TaskWorld();
let cwd: string;

const isEnforced = hasLandlock(world.root);
if (!isEnforced) console.warn("SKIPPED: this kernel has no Landlock, so there is no read-only fallback");

beforeAll(async () => {
  cwd = await world.repository();
});
afterAll(() => world.close());

const ANSWER = TOKENS_PER_ANSWER.input + TOKENS_PER_ANSWER.output;
/** Budget that is reached with the second answer. */
const BUDGET = ANSWER + 80;

const requestsWith = (text: string) =>
  world.stub.requests.filter(({ input }) => JSON.stringify(input).includes(text)).length;
const logOf = (taskId: string) => readFileSync(join(world.folderOf(taskId), "codex-exec.log"), "utf8");

async function waitFor(client: McpClient, taskId: string): Promise<Record<string, unknown>> {
  const { data } = await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 50 });
  return (data["done"] as Record<string, unknown>[])[0] ?? {};
}

/** Starts a task of many steps. Its second command ends when it is let go on; the third answer comes only after that of the task's end. */
async function startSteps(client: McpClient, name: string, more: object) {
  const go = join(world.root, `go-${name}`);
  const held = Promise.withResolvers<void>();
  world.stub.script(name, [
    { say: "I begin." },
    { run: "echo first > first.txt; echo first" },
    { run: `until [ -e ${go} ]; do sleep 0.05; done; echo in-flight-done`, yieldMs: 60_000 },
    { until: () => held.promise },
    { run: "echo third" },
    { run: "echo fourth" },
    { say: "All done." },
  ]);
  const { data } = await client.call("codex_dispatch", { prompt: name, cwd, topic: name, ...more });
  const taskId = String(data["task_id"]);
  await world.until(() => /"item.started"[^\n]*in-flight-done/.test(logOf(taskId)));
  return { taskId, letGo: () => writeFileSync(go, ""), free: () => held.resolve() };
}

describe.each([...TESTED_ENGINES])("with %s", (engine) => {
  let client: McpClient;
  beforeAll(async () => {
    client = await world.client({ CODEXMCP_ENGINE: engine });
  });

  test.each(["read-only", "workspace-write", "full-access"])(
    "a run with %s ends at its safe point",
    async (sandbox) => {
      const name = `STEPS-${engine}-${sandbox}`;
      const { taskId, letGo, free } = await startSteps(client, name, { sandbox, max_tokens: BUDGET });
      expect((await client.call("codex_status", { task_id: taskId })).data).toMatchObject({
        status: "running",
        max_tokens: BUDGET,
      });
      letGo();
      const data = await waitFor(client, taskId);
      free();
      expect(data).toMatchObject({
        status: "failed",
        code: "budget",
        error: `The run used ${2 * ANSWER} of its ${BUDGET} tokens (max_tokens).`,
        result: "I begin.",
        usage: { input_tokens: 2 * TOKENS_PER_ANSWER.input, output_tokens: 2 * TOKENS_PER_ANSWER.output },
        ...(sandbox !== "read-only" && { uncommitted_changes: ["?? first.txt"], commits_ahead: 0 }),
      });
      expect(tokensOf(world.stateHome, taskId)).toBe(2 * ANSWER);
      // The command in flight was not ended.
      expect(logOf(taskId)).toMatch(/"item.completed"[^\n]*in-flight-done\\n[^\n]*"exit_code":0/);
      expect(requestsWith(name)).toBeLessThanOrEqual(3);
      // The session continues, without the limit.
      world.stub.script(`MORE-${engine}-${sandbox}`, [{ run: "echo one" }, { run: "echo two" }, { say: "Continued." }]);
      const next = await client.call("codex", { prompt: `MORE-${engine}-${sandbox}`, resume: taskId });
      expect(next.data).toMatchObject({
        success: true,
        result: "Continued.",
        usage: { output_tokens: 3 * TOKENS_PER_ANSWER.output },
      });
      expect(next.data).not.toHaveProperty("max_tokens");
    },
  );

  test("a turn that ends by itself with the last of its tokens is a success, and a note says how many", async () => {
    world.stub.script(`LAST-${engine}`, [{ run: "echo one" }, { say: "Just finished." }]);
    const { data } = await client.call("codex", { prompt: `LAST-${engine}`, cwd, max_tokens: BUDGET });
    expect(data).toMatchObject({ success: true, result: "Just finished." });
    expect(data["note"]).toContain(`The run used ${2 * ANSWER} of its ${BUDGET} tokens (max_tokens).`);
  });

  test("no further turn begins, and the message for it is not delivered", async () => {
    const name = `NO-MORE-${engine}`;
    const held = Promise.withResolvers<void>();
    world.stub.script(name, [{ run: `echo begun-${name}` }, { until: () => held.promise }, { say: "First turn." }]);
    const { data } = await client.call("codex_dispatch", { prompt: name, cwd, topic: name, max_tokens: BUDGET });
    const taskId = String(data["task_id"]);
    await world.until(() => /"exit_code":0/.test(logOf(taskId)));
    await client.call("codex_send", { task_id: taskId, message: `Never read ${engine}.`, when: "after" });
    held.resolve();
    expect(await waitFor(client, taskId)).toMatchObject({
      success: true,
      result: "First turn.",
      note: expect.stringMatching(/240 of its 200 tokens.*not delivered: "Never read/),
    });
    expect(requestsWith(`Never read ${engine}.`)).toBe(0);
  });

  test("a command in the background does not keep the run from its safe point", async () => {
    const held = Promise.withResolvers<void>();
    world.stub.script(`BACK-${engine}`, [
      { run: "sleep 600", yieldMs: 250 },
      { run: "echo two" },
      { run: "echo three" },
      { until: () => held.promise },
      { run: "echo four" },
      { say: "All done." },
    ]);
    const request = { prompt: `BACK-${engine}`, cwd, sandbox: "full-access", max_tokens: 3 * ANSWER };
    const { data } = await client.call("codex", request);
    held.resolve();
    expect(data).toMatchObject({ success: false, code: "budget" });
    expect(requestsWith(`BACK-${engine}`)).toBeLessThanOrEqual(4);
    expect(world.processes().filter(({ command }) => command.includes("sleep 600"))).toEqual([]);
  });

  test("a supervisor that is killed is followed by one that knows the limit and the tokens", async () => {
    const name = `KILLED-${engine}`;
    const { taskId, letGo, free } = await startSteps(client, name, { sandbox: "full-access", max_tokens: BUDGET });
    process.kill(world.supervisorOf(taskId), "SIGKILL");
    await world.until(async () => {
      await client.call("codex_status", { task_id: taskId });
      return world.supervisorOf(taskId) !== 0;
    });
    letGo();
    const data = await waitFor(client, taskId);
    free();
    expect(data).toMatchObject({ code: "budget", usage: { output_tokens: 2 * TOKENS_PER_ANSWER.output } });
    expect(requestsWith(name)).toBeLessThanOrEqual(3);
  });
});

test.skipIf(!isEnforced).each([...TESTED_ENGINES])(
  "under the read-only fallback with %s, where Codex's record lies elsewhere, the run ends and is audited",
  async (engine) => {
    const client = await world.client({ CODEXMCP_ENGINE: engine, CODEXMCP_READONLY_FALLBACK: "1" });
    const held = Promise.withResolvers<void>();
    const name = `CONFINED-${engine}`;
    world.stub.script(name, [{ run: "echo one" }, { run: "echo two" }, { until: () => held.promise }, { say: "." }]);
    const { data } = await client.call("codex", { prompt: name, cwd, max_tokens: BUDGET });
    held.resolve();
    expect(data).toMatchObject({
      code: "budget",
      usage: { output_tokens: 2 * TOKENS_PER_ANSWER.output },
      readonly_audit: { verdict: "CLEAN" },
    });
  },
);

test("Codex does not go on with its goal", async () => {
  const client = await world.client({ CODEXMCP_ENGINE: "app-server" });
  const held = Promise.withResolvers<void>();
  world.stub.script("GOAL-TOKENS", [{ run: "echo one" }, { say: "A step." }]);
  world.stub.script("Continue working toward the active thread goal", [
    { until: () => held.promise },
    { say: "Another." },
  ]);
  const { data } = await client.call("codex", { prompt: "GOAL-TOKENS", cwd, goal: "Never done", max_tokens: BUDGET });
  held.resolve();
  expect(data).toMatchObject({ success: false, code: "budget", result: "A step." });
});

test("the command line has the option, and refuses a limit that is none", async () => {
  world.stub.script("BY-HAND", [{ run: "echo one" }, { say: "By hand." }]);
  const run = await runCli(world, ["run", "--json", "--max-tokens", String(BUDGET), "BY-HAND"], {}, cwd);
  expect(JSON.parse(run.stdout)).toMatchObject({
    success: true,
    note: expect.stringContaining("tokens (--max-tokens)"),
  });
  expect(await runCli(world, ["run", "--max-tokens", "none", "BY-HAND"], {}, cwd)).toMatchObject({ exitCode: 64 });
  const client = await world.client();
  for (const max_tokens of [0, -1, 1.5, 2 ** 54]) {
    const { isError, data } = await client.call("codex", { prompt: "BY-HAND", cwd, max_tokens });
    expect({ isError, ...data }).toMatchObject({ isError: true, code: "invalid_argument" });
  }
});

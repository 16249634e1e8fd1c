// A message for the end of the turn, under `codex exec`: the run goes on with another process in the same session.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isCodexCommand } from "../support/engines.ts";
import { hasLandlock } from "../support/landlock.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { TOKENS_PER_ANSWER } from "../support/model-stub.ts";
import { TaskWorld } from "../support/task-world.ts";

let world: TaskWorld;
let cwd: string;
let client: McpClient;
let other: McpClient;

beforeAll(async () => {
  world = new TaskWorld();
  cwd = await world.repository();
  client = await world.client({ CODEXMCP_ENGINE: "exec" });
  other = await world.client({ CODEXMCP_ENGINE: "exec" });
});
afterAll(() => world.close());

/** Starts a task whose model waits after its first command until it is let go on. */
async function startGated(
  prompt: string,
  more: object = {},
  by = client,
): Promise<{ taskId: string; open: () => void }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.stub.script(prompt, [{ run: `echo begun-${prompt}` }, { until: () => promise }, { say: `${prompt} is done.` }]);
  const { data } = await by.call("codex_dispatch", { prompt, cwd, topic: prompt, ...more });
  const taskId = String(data["task_id"]);
  await world.until(async () =>
    JSON.stringify((await by.call("codex_status", { task_id: taskId })).data).includes("ok: begun"),
  );
  return { taskId, open: resolve };
}

async function sendAfter(taskId: string, message: string): Promise<void> {
  const { data } = await other.call("codex_send", { task_id: taskId, message, when: "after" });
  expect(data).toMatchObject({ delivery: "queued", task_id: taskId, status: "running" });
}

const wait = async (taskId: string) =>
  (await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 30 })).data["done"];
const timesAsked = (text: string) =>
  Math.max(...world.stub.requests.map(({ input }) => JSON.stringify(input).split(text).length - 1));

test("messages are said one after the other; the result is the last turn's, the usage that of all turns", async () => {
  world.stub.script("Then the docs.", [{ say: "The docs are done." }]);
  world.stub.script("Then the tests.", [{ say: "The tests are done." }]);
  const { taskId, open } = await startGated("FIRST");
  await sendAfter(taskId, "Then the docs.");
  await sendAfter(taskId, "Then the tests.");
  open();
  expect(await wait(taskId)).toMatchObject([
    { success: true, result: "The tests are done.", usage: { output_tokens: 4 * TOKENS_PER_ANSWER.output } },
  ]);
  const { data } = await client.call("codex_status", { task_id: taskId, since_event: 0 });
  expect(data["recent_events"]).toEqual(
    expect.arrayContaining([
      { type: "text", text: "FIRST is done." },
      { type: "message", text: "Then the docs." },
      { type: "text", text: "The docs are done." },
      { type: "message", text: "Then the tests." },
    ]),
  );
  expect(timesAsked("Then the docs.")).toBe(1);
});

test("a supervisor killed before the end of the first turn is followed by one that says the message", async () => {
  world.stub.script("Once only.", [{ say: "Said once." }]);
  const { taskId, open } = await startGated("KILLED");
  await sendAfter(taskId, "Once only.");
  process.kill(world.supervisorOf(taskId), "SIGKILL");
  // A reader starts the next supervisor.
  await world.until(async () => {
    await client.call("codex_status", { task_id: taskId });
    return world.supervisorOf(taskId) !== 0;
  });
  open();
  expect(await wait(taskId)).toMatchObject([{ success: true, result: "Said once." }]);
  expect(timesAsked("Once only.")).toBe(1);
});

test("a run that loses its supervisor and then its Codex ends before anyone looks is continued with the message", async () => {
  world.stub.script("After all.", [{ say: "Said after all." }]);
  const { taskId, open } = await startGated("UNSEEN");
  await sendAfter(taskId, "After all.");
  await world.stop(world.supervisorOf(taskId));
  open();
  await world.until(() => !world.processes().some(({ command }) => isCodexCommand(command)));
  process.kill(world.supervisorOf(taskId), "SIGKILL");
  expect(await wait(taskId)).toMatchObject([{ success: true, result: "Said after all." }]);
  expect(timesAsked("After all.")).toBe(1);
});

test("a supervisor killed in the further turn is followed by one that takes the turn over", async () => {
  world.stub.script("Further.", [{ run: "sleep 2" }, { say: "Further done." }]);
  const { taskId, open } = await startGated("TAKEN");
  await sendAfter(taskId, "Further.");
  open();
  await world.until(() => world.processes().some(({ command }) => command.endsWith("sleep 2")));
  process.kill(world.supervisorOf(taskId), "SIGKILL");
  expect(await wait(taskId)).toMatchObject([{ success: true, result: "Further done." }]);
  expect(timesAsked("Further.")).toBe(1);
});

test("a cancel ends the further turn with its commands", async () => {
  world.stub.script("For ever.", [{ run: "sleep 611" }, { say: "Never said." }]);
  const { taskId, open } = await startGated("CANCELLED");
  await sendAfter(taskId, "For ever.");
  open();
  await world.until(() => world.processes().some(({ command }) => command.endsWith("sleep 611")));
  const { data } = await other.call("codex_cancel", { task_id: taskId });
  expect(data).toMatchObject({ status: "cancelled" });
  expect(world.processesOf(taskId).filter(({ command }) => /sleep 611/.test(command))).toEqual([]);
});

test("a cancel between two turns starts no further one, and the message is undelivered", async () => {
  const { taskId, open } = await startGated("BETWEEN");
  await sendAfter(taskId, "Not any more.");
  await world.stop(world.supervisorOf(taskId));
  open();
  await world.until(() => !world.processes().some(({ command }) => isCodexCommand(command)));
  await other.call("codex_cancel", { task_id: taskId });
  const { data } = await client.call("codex_status", { task_id: taskId });
  // The turn that was completed counts.
  expect(data).toMatchObject({
    result: "BETWEEN is done.",
    messages: [{ text: "Not any more.", state: "undelivered" }],
  });
  expect(world.processesOf(taskId)).toEqual([]);
  expect(timesAsked("Not any more.")).toBe(0);
});

test("further turns keep the output schema and do not repeat the images", async () => {
  const schema = {
    type: "object",
    properties: { done: { type: "boolean" } },
    required: ["done"],
    additionalProperties: false,
  };
  world.stub.script("As JSON.", [{ say: '{"done":true}' }]);
  const { taskId, open } = await startGated("SCHEMA", { output_schema: schema });
  await sendAfter(taskId, "As JSON.");
  open();
  expect(await wait(taskId)).toMatchObject([{ success: true, result: '{"done":true}' }]);
  expect(world.stub.requests.at(-1)?.text?.format).toMatchObject({ schema });
});

test("the work of all turns is committed once, at the end", async () => {
  world.stub.script("The second file.", [{ run: "echo 2 > second.txt" }, { say: "Both written." }]);
  const { promise, resolve } = Promise.withResolvers<void>();
  world.stub.script("COMMIT", [{ run: "echo 1 > first.txt" }, { until: () => promise }, { say: "One written." }]);
  const { data } = await client.call("codex_dispatch", {
    prompt: "COMMIT",
    cwd,
    topic: "two-files",
    sandbox: "full-access",
  });
  const taskId = String(data["task_id"]);
  await sendAfter(taskId, "The second file.");
  resolve();
  expect(await wait(taskId)).toMatchObject([{ success: true, commits_ahead: 1 }]);
  const worktree = String((await client.call("codex_status", { task_id: taskId })).data["worktree_dir"]);
  expect(await world.git(worktree, "show", "--name-only", "--format=", "HEAD")).toBe("first.txt\nsecond.txt");
});

const isEnforced = hasLandlock("/var/tmp");
if (!isEnforced) console.warn("SKIPPED: this kernel has no Landlock, so that it refuses writes is not tested here");

describe("under the read-only fallback", () => {
  test("the restrictions and the audit cover all turns", async () => {
    const confined = await world.client({ CODEXMCP_ENGINE: "exec", CODEXMCP_READONLY_FALLBACK: "1" });
    world.stub.script("Now write.", [{ run: `echo no > ${cwd}/written.txt` }, { say: "Tried." }]);
    const { taskId, open } = await startGated("CONFINED", { sandbox: "read-only" }, confined);
    await sendAfter(taskId, "Now write.");
    open();
    await wait(taskId);
    const { data } = await client.call("codex_status", { task_id: taskId, verbose: true });
    expect(data).toMatchObject({
      result: "Tried.",
      readonly_audit: {
        mode: "fallback",
        enforcement: isEnforced ? "landlock" : "none",
        verdict: "VIOLATION",
        evidence: { commands_judged: 2 },
        violations: [{ kind: "command", command: `echo no > ${cwd}/written.txt` }],
      },
    });
    expect(existsSync(join(cwd, "written.txt"))).toBe(!isEnforced);
    // The session's record has both turns: it can be continued.
    world.stub.script("Once more.", [{ say: "Continued." }]);
    const { data: next } = await confined.call("codex", { prompt: "Once more.", resume: taskId });
    expect(next).toMatchObject({ success: true, result: "Continued." });
    expect(timesAsked("Now write.")).toBe(1);
  });
});

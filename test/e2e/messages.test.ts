import { afterAll, beforeAll, describe, expect } from "bun:test";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { appServerTest as test } from "../support/newer-codex.ts";
import { World } from "../support/world.ts";

let world: World;
let cwd: string;
let client: McpClient;
let other: McpClient;
let open: () => void;

beforeAll(async () => {
  world = new World();
  cwd = await world.repository();
  client = await world.client({ CODEXMCP_ENGINE: "app-server" });
  other = await world.client({ CODEXMCP_ENGINE: "app-server" });
});
afterAll(() => world.close());

/** Starts a task whose model waits after its first command until the gate is opened. */
async function startGated(prompt: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  open = resolve;
  world.stub.script(prompt, [
    { run: `echo begun-${prompt}` },
    { until: () => promise },
    { run: "echo second" },
    { say: `${prompt} is done.` },
  ]);
  const { data } = await client.call("codex_dispatch", { prompt, cwd, topic: prompt });
  const taskId = String(data["task_id"]);
  await world.until(async () =>
    JSON.stringify((await client.call("codex_status", { task_id: taskId })).data).includes("ok: begun"),
  );
  return taskId;
}

const lastRequest = () => JSON.stringify(world.stub.requests.at(-1));
const wait = async (taskId: string) =>
  (await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 30 })).data["done"];

describe("a message to a running task", () => {
  test("now: is in the next request of the running turn, sent by another server than the task's", async () => {
    const taskId = await startGated("STEERED");
    const { data } = await other.call("codex_send", { task_id: taskId, message: "Mind the tests." });
    expect(data).toMatchObject({ task_id: taskId, delivery: "steered", status: "running" });
    open();
    expect(await wait(taskId)).toMatchObject([{ success: true }]);
    expect(lastRequest()).toContain("Mind the tests.");
    const { data: status } = await client.call("codex_status", { task_id: taskId, since_event: 0 });
    expect(status["recent_events"]).toContainEqual({ type: "message", text: "Mind the tests." });
  });

  test("from the command line", async () => {
    const taskId = await startGated("COMMANDED");
    const sent = await runCli(world, ["send", taskId, "From a terminal."], {}, cwd);
    expect(sent).toMatchObject({ exitCode: 0, stdout: `${taskId}: the message is in the running turn\n` });
    open();
    expect(await wait(taskId)).toMatchObject([{ success: true }]);
    expect(lastRequest()).toContain("From a terminal.");
    expect(await runCli(world, ["send", "--after", "--instead", taskId, "Both."], {}, cwd)).toMatchObject({
      exitCode: 64,
    });
  });

  test("after: starts the next turn of the same run", async () => {
    const taskId = await startGated("FIRST");
    world.stub.script("And now the docs.", [{ say: "The docs are done." }]);
    const { data } = await other.call("codex_send", { task_id: taskId, message: "And now the docs.", when: "after" });
    expect(data).toMatchObject({ delivery: "queued" });
    open();
    expect(await wait(taskId)).toMatchObject([{ success: true, result: "The docs are done." }]);
  });

  test("instead: interrupts the turn, ends its commands, and goes on with the message", async () => {
    world.stub.script("WRONG", [{ run: "sleep 321" }, { say: "Never." }]);
    world.stub.script("Stop that.", [{ say: "Stopped." }]);
    const { data } = await client.call("codex_dispatch", { prompt: "WRONG", cwd, topic: "wrong" });
    await world.until(() => world.processes().some(({ command }) => command.endsWith("sleep 321")));
    const sent = await other.call("codex_send", { task_id: data["task_id"], message: "Stop that.", when: "instead" });
    expect(sent.data).toMatchObject({ delivery: "replaced" });
    expect(await wait(String(data["task_id"]))).toMatchObject([{ success: true, result: "Stopped." }]);
    expect(world.processes().filter(({ command }) => command.endsWith("sleep 321"))).toEqual([]);
  });
});

test("a message that Codex would not take is refused, half a surrogate pair is replaced, and the task goes on", async () => {
  const taskId = await startGated("ODD");
  for (const message of ["", " ", "x".repeat(2 * 1024 * 1024)]) {
    const sent = await other.call("codex_send", { task_id: taskId, message });
    expect(sent.data).toMatchObject({ success: false, code: "invalid_prompt" });
  }
  const sent = await other.call("codex_send", { task_id: taskId, message: "half \ud800 pair" });
  expect(sent.data).toMatchObject({ delivery: "steered" });
  open();
  expect(await wait(taskId)).toMatchObject([{ success: true }]);
  expect(lastRequest()).toContain("half \ufffd pair");
});

test("a supervisor that is killed in a further turn is followed by one that takes the turn over", async () => {
  const taskId = await startGated("OWNED");
  world.stub.script("Once more.", [{ run: "echo further" }, { run: "sleep 2" }, { say: "Done once." }]);
  await other.call("codex_send", { task_id: taskId, message: "Once more.", when: "after" });
  open();
  await world.until(() => world.processes().some(({ command }) => command.endsWith("sleep 2")));
  const supervisor = world
    .processes()
    .find(({ command }) => command.includes(`run-task ${taskId}`) && !/^\S*tmux/.test(command));
  if (supervisor === undefined) throw new Error("no supervisor");
  process.kill(supervisor.pid, "SIGKILL");
  expect(await wait(taskId)).toMatchObject([{ success: true, result: "Done once." }]);
  const seen = world.stub.requests.map(({ input }) => JSON.stringify(input).split("Once more.").length - 1);
  expect(Math.max(...seen)).toBe(1);
});

test("a message to a task that has ended starts the next run of its session", async () => {
  world.stub.script("ENDED", [{ say: "Ended." }]);
  world.stub.script("One more thing.", [{ say: "That, too." }]);
  const { data } = await client.call("codex", { prompt: "ENDED", cwd, topic: "ended" });
  const sent = await other.call("codex_send", { task_id: data["task_id"], message: "One more thing." });
  expect(sent.data).toMatchObject({ delivery: "started", topic: "review-ended-v2" });
  expect(await wait(String(sent.data["task_id"]))).toMatchObject([
    { success: true, result: "That, too.", session_id: data["session_id"] },
  ]);
});

test("under exec a running turn takes no message, and the refusal says what to do", async () => {
  world.stub.script("EXEC", [{ run: "sleep 1" }, { say: "Done." }]);
  const exec = await world.client({ CODEXMCP_ENGINE: "exec" });
  const { data } = await exec.call("codex_dispatch", { prompt: "EXEC", cwd, topic: "by-exec" });
  for (const when of ["now", "instead"]) {
    const sent = await exec.call("codex_send", { task_id: data["task_id"], message: "Wait.", when });
    expect(sent.data).toMatchObject({ success: false, code: "not_steerable" });
    expect(String(sent.data["hint"])).toContain("after");
  }
  await wait(String(data["task_id"]));
});

// Tasks that ask: Codex asks its client, the task waits, and people or agents answer from anywhere.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { taskPaths } from "#store/store-paths.ts";
import {
  escalation,
  questionsOf as allQuestionsOf,
  untilAsked as untilTaskAsks,
  untilEnded,
} from "../support/asking-tasks.ts";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

const ENGINE = { CODEXMCP_ENGINE: "app-server" };

let world: World;
let cwd: string;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  cwd = await world.repository();
  client = await world.client(ENGINE);
});
afterAll(() => world.close());

/** Returns the path of a file that Codex's sandbox does not allow to write, and a script that wants to make it. */
function scriptOutside(prompt: string): string {
  const outside = join(world.root, `outside-${prompt}`);
  world.stub.script(prompt, [escalation(outside), { say: `${prompt} is done.` }]);
  return outside;
}

async function start(prompt: string, more: object = {}, by = client): Promise<string> {
  const request = { prompt, cwd, topic: prompt, sandbox: "workspace-write", approvals: "ask", ...more };
  const { data } = await by.call("codex_dispatch", request);
  expect(data).toMatchObject({ status: "running" });
  return String(data["task_id"]);
}

const show = async (taskId: string) => (await client.call("codex_status", { task_id: taskId })).data;
const questionsOf = (taskId: string) => allQuestionsOf(client, taskId);
const untilAsked = (taskId: string) => untilTaskAsks(world, client, taskId);
const done = (taskId: string) => untilEnded(client, taskId);
const logOf = (taskId: string) => readFileSync(taskPaths(world.stateHome, taskId).log, "utf8");

describe("a task that asks to run a command", () => {
  test("waits, shows exactly what it asks, and goes on when a person accepts from another process", async () => {
    const outside = scriptOutside("ACCEPTED");
    const taskId = await start("ACCEPTED");
    const question = await untilAsked(taskId);
    expect(question).toMatchObject({
      kind: "command",
      reason: "It is needed.",
      decisions: ["accept", "decline", "cancel"],
    });
    expect(question.command).toContain(`touch ${outside}`);
    expect(await show(taskId)).toMatchObject({ status: "waiting" });
    const listed = await client.call("codex_status", { status: "waiting", all: true });
    expect(listed.data["tasks"]).toMatchObject([{ task_id: taskId, status: "waiting" }]);
    expect((await client.call("codex_status", { status: "running", all: true })).data["tasks"]).toEqual([]);
    for (const args of [["tasks"], ["show", taskId]]) expect((await runCli(world, args)).stdout).toContain("waiting");
    const shown = await runCli(world, ["answer", taskId]);
    expect(shown.stdout).toContain(`touch ${outside}`);
    expect(shown.stdout).toContain("accept, decline or cancel");
    expect(existsSync(outside)).toBe(false);
    const answered = await runCli(world, ["answer", taskId, "accept"]);
    expect(answered).toMatchObject({ exitCode: 0, stdout: `${taskId}: ${question.id} is answered (accept)\n` });
    expect(["running", "completed"]).toContain(String((await show(taskId))["status"]));
    expect(await done(taskId)).toMatchObject({ success: true, result: "ACCEPTED is done." });
    expect(existsSync(outside)).toBe(true);
    const events = (await client.call("codex_status", { task_id: taskId, since_event: 0 })).data["recent_events"];
    expect(events).toContainEqual({ type: "answer", text: `${question.id}: accept (command line)` });
    expect(await show(taskId)).not.toHaveProperty("questions");
    // The feature by which its model can ask is not the user's choice, so Codex does not warn of it.
    expect(logOf(taskId)).not.toContain("Under-development");
  });

  test("does not run it when an agent declines, and its model hears that", async () => {
    const outside = scriptOutside("DECLINED");
    const taskId = await start("DECLINED");
    const { id } = await untilAsked(taskId);
    const sent = await client.call("codex_send", { task_id: taskId, answer: id, message: "decline" });
    expect(sent.data).toMatchObject({ delivery: "answered", decision: "decline" });
    expect(await done(taskId)).toMatchObject({ success: true });
    expect(existsSync(outside)).toBe(false);
    expect(world.stub.toolOutputs.at(-1)).toMatch(/reject|declin|denied/i);
  });

  test("of two answers at once, one counts and the other is told", async () => {
    scriptOutside("TWICE");
    const taskId = await start("TWICE");
    const { id } = await untilAsked(taskId);
    const other = await world.client(ENGINE);
    const answers = await Promise.all(
      ["accept", "decline"].map((message, index) =>
        (index === 0 ? client : other).call("codex_send", { task_id: taskId, answer: id, message }),
      ),
    );
    expect(answers.filter(({ data }) => data["delivery"] === "answered")).toHaveLength(1);
    const late = answers.find(({ isError }) => isError);
    expect(late?.data).toMatchObject({ code: "question_closed" });
    expect(String(late?.data["error"])).toContain("already answered by test");
    expect(await done(taskId)).toMatchObject({ success: true });
  });

  test("a word that is no answer, a question of another run, and an answer after the end are refused", async () => {
    scriptOutside("REFUSED");
    const taskId = await start("REFUSED");
    const { id } = await untilAsked(taskId);
    const send = async (answer: string, message: string) =>
      (await client.call("codex_send", { task_id: taskId, answer, message })).data;
    expect(await send(id, "perhaps")).toMatchObject({ code: "invalid_argument" });
    expect(await send(id, "accept_for_session")).toMatchObject({ code: "invalid_argument" });
    expect(await send("q9-0", "accept")).toMatchObject({ code: "question_closed" });
    expect(await send("../../x", "accept")).toMatchObject({ code: "invalid_argument" });
    expect(await send(id, "accept")).toMatchObject({ delivery: "answered" });
    expect(await done(taskId)).toMatchObject({ success: true });
    expect(await send(id, "accept")).toMatchObject({ code: "question_closed" });
  });

  test("is not answered from within a task", async () => {
    scriptOutside("NESTED");
    const taskId = await start("NESTED");
    await untilAsked(taskId);
    const nested = await runCli(world, ["answer", taskId, "accept"], { CODEXMCP_RUN: `x:${taskId}:1` });
    expect(nested.stderr).toContain("tasks must not answer what tasks ask");
    expect((await runCli(world, ["answer", taskId, "decline"])).exitCode).toBe(0);
    expect(await done(taskId)).toMatchObject({ success: true });
  });

  test("is cancelled while it waits, and no process is left", async () => {
    scriptOutside("CANCELLED");
    const taskId = await start("CANCELLED");
    const { id } = await untilAsked(taskId);
    expect((await client.call("codex_cancel", { task_id: taskId })).data).toMatchObject({ status: "cancelled" });
    expect(await show(taskId)).toMatchObject({ status: "cancelled" });
    expect(await questionsOf(taskId)).toEqual([]);
    expect((await runCli(world, ["answer", taskId, id, "accept"])).stderr).toContain("has ended (cancelled)");
    expect(existsSync(join(world.root, "outside-CANCELLED"))).toBe(false);
  });

  test("is declined when its time is over; the turn goes on, and its model knows why", async () => {
    const outside = scriptOutside("LATE");
    const hurried = await world.client({ ...ENGINE, CODEXMCP_APPROVAL_TIMEOUT: "1" });
    const taskId = await start("LATE", { idle_timeout_seconds: 1 }, hurried);
    expect(await done(taskId)).toMatchObject({ success: true, result: "LATE is done." });
    expect(existsSync(outside)).toBe(false);
    expect(JSON.stringify(world.stub.requests.at(-1))).toContain("No one answered in time");
    expect(logOf(taskId)).toContain('"cause":"timeout"');
  });

  test("the idle limit does not count while it waits", async () => {
    scriptOutside("IDLE");
    const taskId = await start("IDLE", { idle_timeout_seconds: 1 });
    await untilAsked(taskId);
    await Bun.sleep(2500);
    expect(await show(taskId)).toMatchObject({ status: "waiting" });
    await runCli(world, ["answer", taskId, "yes"]);
    expect(await done(taskId)).toMatchObject({ success: true });
  });
});

describe("a supervisor that is killed while its task waits", () => {
  async function kill(taskId: string): Promise<void> {
    const supervisor = world
      .processes()
      .find(({ command }) => command.includes(`run-task ${taskId}`) && !/^\S*tmux/.test(command));
    if (supervisor === undefined) throw new Error("no supervisor");
    process.kill(supervisor.pid, "SIGKILL");
  }

  test("is followed by one that asks the same, once, with the same time", async () => {
    const outside = scriptOutside("KILLED");
    const taskId = await start("KILLED");
    const before = await untilAsked(taskId);
    await kill(taskId);
    await world.until(async () => (await show(taskId))["status"] === "waiting");
    expect(await questionsOf(taskId)).toEqual([before]);
    const sent = await client.call("codex_send", { task_id: taskId, answer: before.id, message: "accept" });
    expect(sent.data).toMatchObject({ delivery: "answered" });
    expect(await done(taskId)).toMatchObject({ success: true });
    expect(existsSync(outside)).toBe(true);
    expect(logOf(taskId).match(/"type":"question"/g)).toHaveLength(1);
    expect(logOf(taskId).match(/"type":"answer"/g)).toHaveLength(1);
  });

  test("an answer that was given meanwhile is delivered", async () => {
    const outside = scriptOutside("ORPHAN");
    const taskId = await start("ORPHAN");
    const { id } = await untilAsked(taskId);
    await kill(taskId);
    expect((await runCli(world, ["answer", taskId, id, "accept"], ENGINE)).stdout).toContain("is answered (accept)");
    expect(await done(taskId)).toMatchObject({ success: true });
    expect(existsSync(outside)).toBe(true);
  });
});

test("ask is refused with another sandbox and with an engine that cannot", async () => {
  const exec = await world.client({ CODEXMCP_ENGINE: "exec" });
  const request = { prompt: "NO", cwd, topic: "no", approvals: "ask" };
  for (const [by, sandbox, code] of [
    [client, "read-only", "invalid_argument"],
    [client, "full-access", "invalid_argument"],
    [exec, "workspace-write", "engine_needed"],
  ] as const) {
    const { data } = await by.call("codex_dispatch", { ...request, sandbox });
    expect(data).toMatchObject({ success: false, code });
    expect(String(data["error"])).toStartWith("approvals ");
  }
});

// What becomes of messages: in the record, the status and the end answer, whatever ends the run.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { errnoOf } from "#base/errors.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { TaskWorld } from "../support/task-world.ts";
import { BINARY } from "../support/world.ts";
import { runCli } from "../support/command-line.ts";

let world: TaskWorld;
let cwd: string;

beforeAll(async () => {
  world = new TaskWorld();
  cwd = await world.repository();
  world.stub.script("SLEEP", [{ run: "sleep 600" }, { say: "Never said." }]);
});
afterAll(() => world.close());

const wait = async (client: McpClient, taskId: string) =>
  (await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 30 })).data["done"];
const statusOf = async (client: McpClient, taskId: string) =>
  (await client.call("codex_status", { task_id: taskId })).data;
const send = async (client: McpClient, taskId: string, message: string, when?: string) =>
  (await client.call("codex_send", { task_id: taskId, message, ...(when !== undefined && { when }) })).data;
const timesAsked = (text: string) =>
  Math.max(0, ...world.stub.requests.map(({ input }) => JSON.stringify(input).split(text).length - 1));

async function startSleeping(client: McpClient, topic: string): Promise<string> {
  const before = sleeping();
  const { data } = await client.call("codex_dispatch", { prompt: "SLEEP", cwd, topic });
  await world.until(() => sleeping() > before);
  return String(data["task_id"]);
}
const sleeping = () => world.processes().filter(({ command }) => command.endsWith("sleep 600")).length;

/** Kills a process; some end with the one that started them. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

describe.each(["app-server", "exec"])("under %s", (engine) => {
  test("a cancel leaves messages undelivered; the record, the status and the answer say so, and they can be sent again", async () => {
    const client = await world.client({ CODEXMCP_ENGINE: engine });
    const taskId = await startSleeping(client, `cancelled-${engine}`);
    expect(await send(client, taskId, `LATER-${engine}`, "after")).toMatchObject({ delivery: "queued" });
    if (engine === "app-server") {
      // Codex hears it only when the command returns.
      expect(await send(client, taskId, "NOW-unread")).toMatchObject({ delivery: "steered" });
    }
    expect(await statusOf(client, taskId)).toMatchObject({
      status: "running",
      messages: expect.arrayContaining([expect.objectContaining({ text: `LATER-${engine}`, state: "waiting" })]),
    });
    await client.call("codex_cancel", { task_id: taskId });
    const status = await statusOf(client, taskId);
    const why = "The task was cancelled before Codex read it.";
    const later = { text: `LATER-${engine}`, when: "after", delivery: "queued", state: "undelivered", why };
    const now = { text: "NOW-unread", when: "now", delivery: "steered", state: "undelivered", why };
    expect(status).toMatchObject({ status: "cancelled", messages: engine === "exec" ? [later] : [later, now] });
    expect(status["note"]).toContain(`A message was not delivered: "LATER-${engine}"`);
    expect(await Bun.file(`${world.folderOf(taskId)}/meta.json`).json()).toMatchObject({
      messages: status["messages"],
    });
    expect(timesAsked("NOW-unread")).toBe(0);
    const { data: events } = await client.call("codex_status", { task_id: taskId, since_event: 0 });
    const warning = { type: "warning", text: `A message was not delivered: LATER-${engine}` };
    expect(events["recent_events"]).toContainEqual(warning);
    world.stub.script(`LATER-${engine}`, [{ say: "Done later." }]);
    const again = await send(client, taskId, `LATER-${engine}`);
    expect(again).toMatchObject({ delivery: "started" });
    expect(await wait(client, String(again["task_id"]))).toMatchObject([{ success: true, result: "Done later." }]);
    expect(timesAsked(`LATER-${engine}`)).toBe(1);
  });

  test("a task that dies with its supervisor says what was not delivered", async () => {
    const client = await world.client({ CODEXMCP_ENGINE: engine });
    const taskId = await startSleeping(client, `dead-${engine}`);
    await send(client, taskId, "Too late.", "after");
    for (const { pid } of world.processesOf(taskId)) killIfThere(pid);
    expect(await wait(client, taskId)).toMatchObject([{ success: false, note: expect.stringContaining("Too late.") }]);
    expect(await statusOf(client, taskId)).toMatchObject({ messages: [{ text: "Too late.", state: "undelivered" }] });
  });

  test("messages to a queued task follow its start; one that is to replace a turn is refused; a cancel tells of them", async () => {
    const client = await world.client({ CODEXMCP_ENGINE: engine, CODEXMCP_MAX_CONCURRENT: "1" });
    const first = await startSleeping(client, `slot-${engine}`);
    world.stub.script(`WAITING-${engine}`, [{ run: "echo 1" }, { say: "First turn." }]);
    world.stub.script(`ADDED-${engine}`, [{ say: "Added." }]);
    world.stub.script(`LAST-${engine}`, [{ say: "Last." }]);
    const dispatch = async (prompt: string, topic: string) =>
      String((await client.call("codex_dispatch", { prompt, cwd, topic })).data["task_id"]);
    const queued = await dispatch(`WAITING-${engine}`, `waiting-${engine}`);
    const dropped = await dispatch("SLEEP", `dropped-${engine}`);
    expect(await send(client, queued, `ADDED-${engine}`)).toMatchObject({ delivery: "queued", status: "queued" });
    expect(await send(client, queued, `LAST-${engine}`, "after")).toMatchObject({ delivery: "queued" });
    expect(await send(client, queued, "No.", "instead")).toMatchObject({ code: "not_steerable" });
    expect(await send(client, dropped, "Dropped.")).toMatchObject({ delivery: "queued" });
    await client.call("codex_cancel", { task_id: dropped });
    expect(await statusOf(client, dropped)).toMatchObject({ messages: [{ text: "Dropped.", state: "undelivered" }] });
    await client.call("codex_cancel", { task_id: first });
    expect(await wait(client, queued)).toMatchObject([{ success: true, result: "Last." }]);
    expect(await statusOf(client, queued)).toMatchObject({
      messages: [
        { text: `ADDED-${engine}`, state: "delivered" },
        { text: `LAST-${engine}`, state: "delivered" },
      ],
    });
    expect([timesAsked(`ADDED-${engine}`), timesAsked(`LAST-${engine}`)]).toEqual([1, 1]);
  });
});

test("two messages that replace a turn are said in the order of sending; one that Codex forgot by that is said afterwards", async () => {
  const client = await world.client({ CODEXMCP_ENGINE: "app-server" });
  world.stub.script("REPLACED-1", [{ run: "sleep 600" }, { say: "Never." }]);
  world.stub.script("REPLACED-2", [{ run: "echo 2" }, { say: "Second." }]);
  world.stub.script("FORGOTTEN", [{ say: "Remembered." }]);
  const taskId = await startSleeping(client, "replaced");
  expect(await send(client, taskId, "FORGOTTEN")).toMatchObject({ delivery: "steered" });
  const sent = [
    await send(client, taskId, "REPLACED-1", "instead"),
    await send(client, taskId, "REPLACED-2", "instead"),
  ];
  expect(sent).toMatchObject([{ delivery: "replaced" }, { delivery: "replaced" }]);
  expect(await wait(client, taskId)).toMatchObject([{ success: true, result: "Remembered." }]);
  const { messages } = await statusOf(client, taskId);
  expect(messages).toMatchObject([
    { text: "FORGOTTEN", delivery: "queued", state: "delivered" },
    { text: "REPLACED-1", state: "delivered" },
    { text: "REPLACED-2", state: "delivered" },
  ]);
  const last = JSON.stringify(world.stub.requests.at(-1)?.input);
  expect(["REPLACED-1", "REPLACED-2", "FORGOTTEN"].map((text) => last.split(text).length - 1)).toEqual([1, 1, 1]);
  expect(last.indexOf("REPLACED-1")).toBeLessThan(last.indexOf("REPLACED-2"));
  expect(last.indexOf("REPLACED-2")).toBeLessThan(last.indexOf("FORGOTTEN"));
});

test("the command takes a message from stdin, and refuses an empty one and an unknown task", async () => {
  const client = await world.client({ CODEXMCP_ENGINE: "exec" });
  const taskId = await startSleeping(client, "commanded");
  const piped = Bun.spawn([BINARY, "send", "--after", taskId, "-"], {
    cwd,
    env: world.environment(),
    stdio: [new Blob(["From a pipe.\n"]), "pipe", "inherit"],
  });
  expect(await piped.stdout.text()).toBe(`${taskId}: the message starts the next turn\n`);
  expect(await runCli(world, ["send", taskId, "Now."], {}, cwd)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("--after"),
  });
  for (const refused of [["--after", taskId, " "], ["no-such-task", "Hello."], [taskId]]) {
    const { exitCode, stderr } = await runCli(world, ["send", ...refused], {}, cwd);
    expect({ exitCode, stderr }).toMatchObject({
      stderr: expect.stringMatching(/invalid_(prompt|argument)|unknown_task/i),
    });
    expect(exitCode).not.toBe(0);
  }
  const shown = await runCli(world, ["show", taskId], {}, cwd);
  expect(shown.stdout).toContain("waiting (after): From a pipe.");
  await client.call("codex_cancel", { task_id: taskId });
});

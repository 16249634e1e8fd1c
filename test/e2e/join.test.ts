import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { closingTerminals, type Terminal } from "../support/terminal.ts";
import { BINARY, World } from "../support/world.ts";

// People who join a running task in Codex's own interface, in real terminals.

const SIZE = { width: 110, height: 30 };
/** Text that Codex's interface shows while a turn runs. */
const WORKING = "esc to interrupt";

let world: World;
let cwd: string;
let client: McpClient;
const startTerminal = closingTerminals();

beforeAll(async () => {
  world = new World();
  cwd = await world.repository();
  client = await world.client({ CODEXMCP_ENGINE: "app-server" });
});
afterAll(() => world.close());

/** Starts a task whose model waits after its first command until the returned gate is opened. */
async function startGated(
  prompt: string,
  more: object = {},
  by = client,
): Promise<{ taskId: string; open: () => void }> {
  const { promise, resolve: open } = Promise.withResolvers<void>();
  world.stub.script(prompt, [
    { run: `echo begun-${prompt}` },
    { until: () => promise },
    { run: "echo second" },
    { say: `${prompt} is done.` },
  ]);
  const request = { prompt, cwd, topic: prompt.toLowerCase(), sandbox: "full-access", ...more };
  const taskId = String((await by.call("codex_dispatch", request)).data["task_id"]);
  await world.until(async () => (await eventsOf(taskId)).includes(`ok: begun-${prompt}`));
  return { taskId, open };
}

async function eventsOf(taskId: string): Promise<string> {
  const { data } = await client.call("codex_status", { task_id: taskId, since_event: 0 });
  return JSON.stringify(data["recent_events"]);
}

const wait = async (taskId: string) =>
  (await client.call("codex_wait", { task_ids: [taskId], timeout_seconds: 30 })).data["done"];
const attach = (taskId: string, ...options: string[]) => start([BINARY, "attach", ...options, taskId]);
/** Processes of Codex's interface that show a task. */
const interfaces = (taskId: string) =>
  world.processes().filter(({ command }) => command.includes("--remote") && command.includes(`/${taskId}/`));

async function start(command: readonly string[], more: Record<string, string> = {}): Promise<Terminal> {
  return startTerminal(world, command, SIZE, more);
}

/** Types a line. Keys that come at once with it would count as pasted. */
async function say(terminal: Terminal, text: string, key = "Enter"): Promise<void> {
  await terminal.type(text);
  await terminal.shows(text);
  await Bun.sleep(300);
  await terminal.press(key);
}

describe("a task in a tmux session", () => {
  test("is joined by attach: what is typed is in the running turn, and nothing is left at the end", async () => {
    const config = join(world.codexHome, "config.toml");
    const before = readFileSync(config, "utf8");
    const { taskId, open } = await startGated("TYPED");
    expect(interfaces(taskId)).toEqual([]);
    const terminal = await attach(taskId);
    await terminal.shows(WORKING);
    await say(terminal, "Mind the tests.");
    await world.until(async () => (await eventsOf(taskId)).includes('{"type":"message","text":"Mind the tests."}'));
    open();
    await terminal.shows(`${taskId}:`);
    await terminal.shows(/completed after \d+s/);
    await terminal.shows("[exit 0]");
    expect(await wait(taskId)).toMatchObject([{ success: true, result: "TYPED is done." }]);
    expect(JSON.stringify(world.stub.requests.at(-1))).toContain("Mind the tests.");
    expect(interfaces(taskId)).toEqual([]);
    expect(
      readdirSync(join(world.stateHome, "tasks", taskId, "live")).filter((name) => name.startsWith("tui")),
    ).toEqual([]);
    expect(readFileSync(config, "utf8")).toBe(before);
  });

  test("is joined by tmux itself; the interface ends with the last client, and the task runs on", async () => {
    const { taskId, open } = await startGated("DETACHED");
    const command = ["tmux", "-S", world.tmuxSocket, "attach", "-t", `=${taskId}`];
    const [one, two] = [await start(command), await start(command)];
    await one.shows(WORKING);
    await two.shows(WORKING);
    expect(interfaces(taskId)).toHaveLength(1);
    await one.press("C-b", "d");
    await one.shows("[exit 0]");
    expect(interfaces(taskId)).toHaveLength(1);
    await two.press("C-b", "d");
    await two.shows("[exit 0]");
    await world.until(() => interfaces(taskId).length === 0);
    const again = await attach(taskId);
    await again.shows(WORKING);
    open();
    expect(await wait(taskId)).toMatchObject([{ success: true }]);
  });

  test("Ctrl-C interrupts the turn and then leaves the interface, and the task waits for a message", async () => {
    const { taskId } = await startGated("INTERRUPTED");
    world.stub.script("Do this.", [{ say: "This is done." }]);
    const terminal = await attach(taskId);
    await terminal.shows(WORKING);
    await terminal.press("C-c");
    await terminal.shows("Conversation interrupted");
    await terminal.press("C-c");
    await terminal.shows("Codex's interface was closed; the task continues.");
    // The log takes no keys.
    await terminal.press("C-c", "C-c");
    expect(await eventsOf(taskId)).toContain("was interrupted by a person");
    const { data } = await client.call("codex_status", { task_id: taskId });
    expect(data).toMatchObject({ status: "running" });
    const sent = await runCli(world, ["send", taskId, "Do this."]);
    expect(sent.stdout).toBe(`${taskId}: the message starts the next turn\n`);
    expect(await wait(taskId)).toMatchObject([{ success: true, result: "This is done." }]);
  });

  test("a read-only terminal opens no interface", async () => {
    const { taskId, open } = await startGated("WATCHED");
    const terminal = await attach(taskId, "--read-only");
    await terminal.shows("ok: begun-WATCHED");
    await terminal.press("C-c");
    expect(interfaces(taskId)).toEqual([]);
    open();
    expect(await wait(taskId)).toMatchObject([{ success: true }]);
  });

  test("a message that its user has queued is part of the run", async () => {
    const { taskId, open } = await startGated("BEFORE");
    world.stub.script("And then this.", [{ say: "Then this." }]);
    const terminal = await attach(taskId);
    await terminal.shows(WORKING);
    await say(terminal, "And then this.", "Tab");
    await terminal.shows("Queued follow-up inputs");
    open();
    expect(await wait(taskId)).toMatchObject([{ success: true, result: "Then this." }]);
  });

  test("after an interruption, what its user types goes on with the task; without any, the task fails with its reason", async () => {
    const { taskId } = await startGated("STOPPED", { idle_timeout_seconds: 3 });
    world.stub.script("Instead this.", [{ run: "sleep 1" }, { say: "Instead." }, { end: "hang" }]);
    const terminal = await attach(taskId);
    await terminal.shows(WORKING);
    await terminal.press("Escape");
    await terminal.shows("Conversation interrupted");
    await say(terminal, "Instead this.");
    await world.until(async () => (await eventsOf(taskId)).includes("Instead."));
    await terminal.press("Escape");
    expect(await wait(taskId)).toMatchObject([{ success: false, code: "interrupted", result: "Instead." }]);
    await terminal.shows("[interrupted]");
  });
});

test("a task without tmux is joined in the terminal itself, which is as before when the task ends", async () => {
  const { taskId, open } = await startGated("READING", { sandbox: "read-only" });
  expect((await runCli(world, ["show", taskId])).stdout).toContain(`codex-mcp-server attach ${taskId}`);
  const terminal = await attach(taskId);
  await terminal.shows(WORKING);
  open();
  await terminal.shows(/completed after \d+s/);
  await terminal.shows("[exit 0]");
  await terminal.type("stty -a | grep -o ' icanon' | tr -d ' '; echo done");
  await terminal.press("Enter");
  await terminal.shows(/^icanon\ndone/m);
  expect(interfaces(taskId)).toEqual([]);
});

test("a supervisor that is killed while a person has interrupted the task is followed by one that waits, too", async () => {
  const { taskId } = await startGated("KILLED", { sandbox: "read-only" });
  world.stub.script("Go on.", [{ say: "It went on." }]);
  const terminal = await attach(taskId);
  await terminal.shows(WORKING);
  await terminal.press("Escape");
  await terminal.shows("Conversation interrupted");
  await world.until(async () => (await eventsOf(taskId)).includes("was interrupted by a person"));
  const supervisor = world.processes().find(({ command }) => command.includes(`run-task ${taskId}`));
  process.kill(supervisor?.pid ?? 0, "SIGKILL");
  await client.call("codex_send", { task_id: taskId, message: "Go on." });
  expect(await wait(taskId)).toMatchObject([{ success: true, result: "It went on." }]);
});

test("what a task asks is answered in the interface", async () => {
  const path = join(world.root, "asked-for");
  const args = { cmd: `touch ${path}`, sandbox_permissions: "require_escalated", justification: "It is needed." };
  world.stub.script("ASKING", [{ call: "exec_command", args }, { say: "It was allowed." }]);
  const request = { prompt: "ASKING", cwd, topic: "asking", sandbox: "workspace-write", approvals: "ask" };
  const taskId = String((await client.call("codex_dispatch", request)).data["task_id"]);
  const terminal = await attach(taskId);
  // Codex's interface drops a key that is pressed while it still draws the question.
  await world.until(async () => {
    if ((await terminal.screen()).join("\n").includes("Yes, proceed")) await terminal.press("y");
    return existsSync(path);
  });
  await terminal.shows(/completed after \d+s/);
  expect(await wait(taskId)).toMatchObject([{ success: true, result: "It was allowed." }]);
});

describe("attach shows the log", () => {
  test("with CODEXMCP_PANE=log", async () => {
    const withLog = await world.client({ CODEXMCP_ENGINE: "app-server", CODEXMCP_PANE: "log" });
    const { taskId, open } = await startGated("LOGGED", {}, withLog);
    const terminal = await attach(taskId);
    await terminal.shows("ok: begun-LOGGED");
    await terminal.press("C-c");
    open();
    expect(await wait(taskId)).toMatchObject([{ success: true }]);
  });

  test("of a task that runs with exec; without tmux it says what to do instead", async () => {
    const exec = await world.client({ CODEXMCP_ENGINE: "exec" });
    const { taskId, open } = await startGated("EXECUTED", {}, exec);
    const reading = await startGated("READ", { sandbox: "read-only" }, exec);
    const terminal = await attach(taskId);
    await terminal.shows("ok: begun-EXECUTED");
    await terminal.press("C-c");
    const refused = await attach(reading.taskId);
    await refused.shows("cannot be attached to: it runs without tmux");
    open();
    reading.open();
    expect(await wait(taskId)).toMatchObject([{ success: true }]);
    expect(await wait(reading.taskId)).toMatchObject([{ success: true }]);
  });
});

test("a state folder with every kind of character in its path can be joined, and none of them is executed", async () => {
  const home = world.folder(`state "quoted" it's #{pid} %1 $HOME \`id\` #(touch pwned) ;`);
  const odd = await world.client({ CODEXMCP_ENGINE: "app-server", CODEXMCP_HOME: home });
  const { promise, resolve: open } = Promise.withResolvers<void>();
  world.stub.script("ODD", [{ run: "echo begun" }, { until: () => promise }, { say: "Done." }]);
  const { data } = await odd.call("codex_dispatch", { prompt: "ODD", cwd, topic: "odd", sandbox: "full-access" });
  await world.until(async () => (await world.pane(String(data["task_id"]))).includes("ok: begun"));
  const terminal = await start(["tmux", "-S", world.tmuxSocket, "attach", "-t", `=${String(data["task_id"])}`]);
  await terminal.shows(WORKING);
  open();
  await odd.call("codex_wait", { task_ids: [data["task_id"]], timeout_seconds: 30 });
  await terminal.shows("[exit 0]");
});

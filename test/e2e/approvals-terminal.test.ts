// People see in their terminals that a task waits, and answer there.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { escalation } from "../support/asking-tasks.ts";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { closingTerminals, type Terminal } from "../support/terminal.ts";
import { BINARY, World } from "../support/world.ts";

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

async function open(...args: string[]): Promise<Terminal> {
  return startTerminal(world, [BINARY, ...args], { width: 110, height: 30 });
}

/** Starts a task that asks to make a file. @returns its id, and the file's path */
async function startAsking(prompt: string): Promise<{ taskId: string; path: string }> {
  const path = join(world.root, `made-${prompt}`);
  world.stub.script(prompt, [escalation(path), { say: `${prompt} is done.` }]);
  const request = { prompt, cwd, topic: prompt, sandbox: "workspace-write", approvals: "ask" };
  const { data } = await client.call("codex_dispatch", request);
  const taskId = String(data["task_id"]);
  await world.until(async () => (await client.call("codex_status", { task_id: taskId })).data["status"] === "waiting");
  return { taskId, path };
}

test("the live list shows that a task waits, and w answers it", async () => {
  const { taskId, path } = await startAsking("WATCHED");
  expect(await world.pane(taskId)).toContain("? q1-0: Let Codex run a command");
  const terminal = await open("tasks", "--watch");
  await terminal.shows(/\? waiting/);
  await terminal.shows("1 waiting");
  await terminal.shows("w answer");
  await terminal.press("w");
  await terminal.shows("Codex's reason: It is needed.");
  await terminal.shows("accept, decline or cancel?");
  await terminal.press("accept", "Enter");
  await terminal.shows(/✓ completed/);
  expect(existsSync(path)).toBe(true);
  await terminal.press("q");
  await terminal.shows("[exit 0]");
});

test("the command answer asks in a terminal; an empty line leaves the question open", async () => {
  const { taskId, path } = await startAsking("TYPED");
  const terminal = await open("answer", taskId);
  await terminal.shows("accept, decline or cancel?");
  await terminal.press("Enter");
  await terminal.shows("[exit 0]");
  expect((await client.call("codex_status", { task_id: taskId })).data).toMatchObject({ status: "waiting" });
  // A question that is not open is not shown as if the task asked nothing.
  const other = await runCli(world, ["answer", taskId, "q1-9"]);
  expect(other).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("It asks q1-0 now.") });
  const again = await open("answer", taskId);
  await again.shows("accept, decline or cancel?");
  await again.press("no", "Enter");
  await again.shows("is answered (decline)");
  await client.call("codex_wait", { task_ids: [taskId] });
  expect(existsSync(path)).toBe(false);
});

test("the options of a question do not control the terminal", async () => {
  const options = ["Red\u001B[8m", "Blue\u202E"].map((label) => ({ label, description: "A colour" }));
  const questions = [{ id: "colour", header: "Colour", question: "Which?", options }];
  world.stub.script("HOSTILE", [{ call: "request_user_input", args: { questions } }, { say: "Chosen." }]);
  const request = { prompt: "HOSTILE", cwd, topic: "hostile", sandbox: "workspace-write", approvals: "ask" };
  const taskId = String((await client.call("codex_dispatch", request)).data["task_id"]);
  await world.until(async () => (await client.call("codex_status", { task_id: taskId })).data["status"] === "waiting");
  const terminal = await open("answer", taskId);
  await terminal.shows("Red\\x1b[8m, Blue\\u202e or decline?");
  await terminal.press("decline", "Enter");
  await terminal.shows("is answered (decline)");
  await client.call("codex_wait", { task_ids: [taskId] });
});

test("run shows a question once, and how to answer it; the page of a waiting task names its key", async () => {
  const path = join(world.root, "made-RUNNING");
  world.stub.script("RUNNING", [escalation(path), { say: "RUNNING is done." }]);
  const terminal = await open("run", "--workspace-write", "--approvals", "ask", "--cwd", cwd, "RUNNING");
  const [, taskId = ""] = /codex-mcp-server answer (\S+) q1-0/.exec((await terminal.shows("q1-0\n")).join("\n")) ?? [];
  await terminal.shows(/\? q1-0: Let Codex run a command/);
  const screen = (await terminal.screen()).join("\n");
  expect(screen.split("Let Codex run a command")).toHaveLength(2);
  const watching = await open("tasks", "--watch");
  await watching.shows(/\? waiting/);
  await watching.press("Enter");
  await watching.shows(/w answer .*next tab/);
  expect((await runCli(world, ["answer", taskId, "accept"])).exitCode).toBe(0);
  await terminal.shows("[exit 0]");
  expect(existsSync(path)).toBe(true);
});

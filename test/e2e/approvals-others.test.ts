// Questions that others take part in: another client of the same Codex, an MCP server of Codex, and the end of a turn.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AppServerConnection } from "#codex/engines/connection/connection.ts";
import { openSocket } from "#codex/engines/connection/wire.ts";
import type { Question } from "#domain/question.ts";
import { taskPaths } from "#store/store-paths.ts";
import { escalation, untilAsked as untilTaskAsks, untilEnded } from "../support/asking-tasks.ts";
import { ASKING_MCP_SERVER } from "../support/asking-mcp-server.ts";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { World } from "../support/world.ts";

let world: World;
let cwd: string;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  const [bun, server] = [process.execPath, ASKING_MCP_SERVER].map((path) => JSON.stringify(path));
  const shop = `\n[mcp_servers.shop]\ncommand = ${bun}\nargs = [${server}]\n`;
  appendFileSync(join(world.codexHome, "config.toml"), shop);
  cwd = await world.repository();
  client = await world.client({ CODEXMCP_ENGINE: "app-server" });
});
afterAll(() => world.close());

async function start(prompt: string, steps: Parameters<World["stub"]["script"]>[1]): Promise<string> {
  world.stub.script(prompt, steps);
  const request = { prompt, cwd, topic: prompt, sandbox: "workspace-write", approvals: "ask" };
  return String((await client.call("codex_dispatch", request)).data["task_id"]);
}

const show = async (taskId: string) => (await client.call("codex_status", { task_id: taskId })).data;

const untilAsked = (taskId: string) => untilTaskAsks(world, client, taskId);
const done = (taskId: string) => untilEnded(client, taskId);
const logOf = (taskId: string) => readFileSync(taskPaths(world.stateHome, taskId).log, "utf8");

test("what another client of the task's Codex answers is answered here, too", async () => {
  const path = join(world.root, "by-other");
  const taskId = await start("JOINED", [escalation(path), { say: "Joined." }]);
  const { id } = await untilAsked(taskId);
  const [, threadId] = /"thread_id":"([^"]+)"/.exec(logOf(taskId)) ?? [];
  const other = await AppServerConnection.open(await openSocket(taskPaths(world.stateHome, taskId).appServer), {
    notified: () => undefined,
    asked: () => Promise.resolve({ decision: "accept" }),
  });
  await other.request("thread/resume", { threadId });
  expect(await done(taskId)).toMatchObject({ success: true, result: "Joined." });
  other.close();
  expect(existsSync(path)).toBe(true);
  expect(logOf(taskId)).toContain('"cause":"withdrawn"');
  const late = await client.call("codex_send", { task_id: taskId, answer: id, message: "accept" });
  expect(late.data).toMatchObject({ code: "question_closed" });
});

test("a form of an MCP server of Codex is answered with values", async () => {
  const taskId = await start("ORDER", [{ server: "shop", tool: "order", args: {} }, { say: "Ordered." }]);
  const question = await untilAsked(taskId);
  expect(question).toMatchObject({ kind: "form", server: "shop", text: "Your order" });
  expect(question.fields).toMatchObject([{ name: "count", type: "integer", is_required: true }]);
  const send = async (message: string) =>
    (await client.call("codex_send", { task_id: taskId, answer: question.id, message })).data;
  expect(await send("many")).toMatchObject({ code: "invalid_argument" });
  expect(await send("3")).toMatchObject({ delivery: "answered" });
  expect(await done(taskId)).toMatchObject({ success: true });
  expect(world.stub.toolOutputs.at(-1)).toContain('\\"count\\":3');
});

test("the decision cancel also ends the turn, and the task says so", async () => {
  const path = join(world.root, "cancelled");
  const taskId = await start("ENDED", [escalation(path), { say: "Never said." }]);
  const { id } = await untilAsked(taskId);
  const sent = await client.call("codex_send", { task_id: taskId, answer: id, message: "cancel" });
  expect(sent.data).toMatchObject({ delivery: "answered", decision: "cancel" });
  const ended = await done(taskId);
  expect(ended).toMatchObject({ success: false, status: "failed" });
  expect(ended["error"]).toBe(`The answer cancel to ${id} (test) ended the turn.`);
  expect(existsSync(path)).toBe(false);
});

test("several questions at once are answered one by one, in any order", async () => {
  const paths = ["one", "two"].map((name) => join(world.root, name));
  const calls = paths.map((path) => JSON.stringify(escalation(path).args));
  const js = `text(JSON.stringify(await Promise.allSettled([${calls.map((args) => `tools.exec_command(${args})`).join(", ")}])));`;
  world.stub.script("SEVERAL", [{ js }, { say: "Several." }]);
  const request = { prompt: "SEVERAL", cwd, topic: "several", sandbox: "workspace-write", approvals: "ask" };
  const { data } = await client.call("codex_dispatch", { ...request, model: "gpt-6.1-sol" });
  const taskId = String(data["task_id"]);
  await world.until(async () => ((await show(taskId))["questions"] as Question[] | undefined)?.length === 2);
  const questions = (await show(taskId))["questions"] as Question[];
  for (const { id, command } of questions.toReversed()) {
    const message = command?.includes(paths[0] ?? "") === true ? "decline" : "accept";
    await client.call("codex_send", { task_id: taskId, answer: id, message });
  }
  expect(await done(taskId)).toMatchObject({ success: true });
  expect(paths.map((path) => existsSync(path))).toEqual([false, true]);
});

test("calls of a model with the same id are declined: Codex would run the last one, whichever is accepted", async () => {
  const paths = ["harmless", "other"].map((name) => join(world.root, `same-${name}`));
  const [first, second] = paths.map((path) => ({ ...escalation(path), id: "same" }));
  if (first === undefined || second === undefined) throw new Error("there are two");
  const taskId = await start("SAMEID", [{ ...first, hasMore: true }, second, { say: "Same." }]);
  expect(await done(taskId)).toMatchObject({ success: true });
  expect(paths.map((path) => existsSync(path))).toEqual([false, false]);
});

test("a change of files outside, a question of the model, and its answer as a text", async () => {
  const outside = join(world.root, "patched.txt");
  const options = [
    { label: "Red", description: "Warm" },
    { label: "Blue", description: "Cold" },
  ];
  const questions = [{ id: "colour", header: "Colour", question: "Which colour?", options }];
  const steps = [
    { patch: `*** Begin Patch\n*** Add File: ${outside}\n+hello\n*** End Patch` },
    { call: "request_user_input", args: { questions } },
    { say: "Patched." },
  ];
  const taskId = await start("PATCHED", steps);
  const change = await untilAsked(taskId);
  expect(change).toMatchObject({ kind: "changes", changes: [{ path: outside, kind: "add", diff: "hello\n" }] });
  const shown = await runCli(world, ["answer", taskId]);
  expect(shown.stdout).toContain("hello");
  await runCli(world, ["answer", taskId, "accept"]);
  await world.until(async () => (await untilAsked(taskId)).kind === "input");
  expect(readFileSync(outside, "utf8")).toBe("hello\n");
  const input = await untilAsked(taskId);
  expect(input.fields).toMatchObject([{ name: "colour", text: "Which colour?", type: "choice" }]);
  const sent = await client.call("codex_send", { task_id: taskId, answer: input.id, message: "blue" });
  expect(sent.data).toMatchObject({ delivery: "answered" });
  expect(await done(taskId)).toMatchObject({ success: true });
  expect(world.stub.toolOutputs.at(-1)).toContain("Blue");
  // What was answered is Codex's: no value stays in the task's folder.
  const { questions: folder } = taskPaths(world.stateHome, taskId);
  const files = readdirSync(folder).filter((name) => name.endsWith(".answer"));
  expect(files).toHaveLength(2);
  for (const name of files) expect(readFileSync(join(folder, name), "utf8")).not.toContain("Blue");
});

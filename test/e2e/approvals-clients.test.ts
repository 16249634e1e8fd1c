// How the questions of tasks reach the users of clients: dialogs, results that require input, waits and progress.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { CallToolResultSchema, ElicitRequestSchema, type ElicitResult } from "@modelcontextprotocol/sdk/types.js";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { MODERN, WireClient, WITH_TASKS } from "../support/wire-client.ts";
import { BINARY, World } from "../support/world.ts";

const ENGINE = { CODEXMCP_ENGINE: "app-server" };
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const ASKING = { ...MODERN, [CAPABILITIES]: { elicitation: {} } };
const ASKING_WITH_TASKS = { ...WITH_TASKS, [CAPABILITIES]: { ...WITH_TASKS[CAPABILITIES], elicitation: { form: {} } } };

let world: World;
let cwd: string;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  cwd = await world.repository();
  client = await world.client(ENGINE);
});
afterAll(() => world.close());

/** Scripts a model that asks to make a file outside, as often as there are names. */
function script(prompt: string, names = [prompt]): string[] {
  const paths = names.map((name) => join(world.root, `outside-${name}`));
  const calls = paths.map((path) => ({
    call: "exec_command",
    args: { cmd: `touch ${path}`, sandbox_permissions: "require_escalated", justification: "Needed.\u001B[31m" },
  }));
  world.stub.script(prompt, [...calls, { say: `${prompt} is done.` }]);
  return paths;
}

const request = (prompt: string, more: object = {}) => ({
  prompt,
  cwd,
  topic: prompt,
  sandbox: "workspace-write",
  approvals: "ask",
  ...more,
});

/** Calls `codex` as a client with dialogs, whose user does what `decide` says. */
async function callWithDialogs(
  prompt: string,
  decide: (message: string, signal: AbortSignal) => Promise<ElicitResult>,
): Promise<Record<string, unknown>> {
  const sdk = new Client({ name: "dialogs", version: "1" }, { capabilities: { elicitation: {} } });
  sdk.setRequestHandler(ElicitRequestSchema, ({ params }, { signal }) => decide(params.message, signal));
  await sdk.connect(
    new StdioClientTransport({ command: BINARY, args: [], env: world.environment(ENGINE), cwd, stderr: "ignore" }),
  );
  const call = { name: "codex", arguments: request(prompt) };
  const result = CallToolResultSchema.parse(await sdk.callTool(call, CallToolResultSchema, { timeout: 60_000 }));
  await sdk.close();
  return result.structuredContent ?? {};
}

/** Waits until a task asks. @returns the id of its question */
async function untilAsked(taskId: string): Promise<string> {
  const look = async () => {
    const { data } = await client.call("codex_status", { task_id: taskId });
    return (data["questions"] as { id: string }[] | undefined)?.[0]?.id;
  };
  await world.until(async () => (await look()) !== undefined);
  return (await look()) ?? "";
}

describe("a client with dialogs", () => {
  test("shows its user what is asked, escaped, and the task goes on with the decision", async () => {
    const [first = "", second = ""] = script("DIALOG", ["first", "second"]);
    const messages: string[] = [];
    const data = await callWithDialogs("DIALOG", async (message) => {
      messages.push(message);
      return { action: "accept", content: { decision: messages.length === 1 ? "accept" : "decline" } };
    });
    expect(data).toMatchObject({ success: true, result: "DIALOG is done." });
    expect(messages).toHaveLength(2);
    expect(messages[0]).toContain(`touch ${first}`);
    expect(messages[0]).toContain(String.raw`Needed.\x1b[31m`);
    expect([existsSync(first), existsSync(second)]).toEqual([true, false]);
  });

  test("closes a dialog when somebody else answers; one that the user closes leaves the question open", async () => {
    const paths = script("ELSEWHERE", ["closed", "taken"]);
    const aborted = Promise.withResolvers<void>();
    let shown = 0;
    let taskId = "";
    const call = callWithDialogs("ELSEWHERE", async (message, signal) => {
      taskId = /task (\S+) asks/.exec(message)?.[1] ?? "";
      if (++shown === 1) return { action: "cancel" };
      signal.addEventListener("abort", () => aborted.resolve());
      await aborted.promise;
      return { action: "cancel" };
    });
    await world.until(async () => shown === 1);
    const id = await untilAsked(taskId);
    expect((await runCli(world, ["answer", taskId, id, "accept"])).exitCode).toBe(0);
    await world.until(async () => shown === 2);
    expect((await runCli(world, ["answer", taskId, "accept"])).exitCode).toBe(0);
    await aborted.promise;
    expect(await call).toMatchObject({ success: true });
    expect(paths.map((path) => existsSync(path))).toEqual([true, true]);
  });
});

test("a client without dialogs is told by its progress what is asked and how to answer, and waits", async () => {
  script("PROGRESS");
  const lines: string[] = [];
  const onprogress = ({ message }: { message?: string | undefined }) => lines.push(message ?? "");
  const call = client.sdk.callTool({ name: "codex", arguments: request("PROGRESS") }, CallToolResultSchema, {
    timeout: 60_000,
    onprogress,
  });
  await world.until(() => lines.some((line) => line.startsWith("waiting for an answer")));
  const line = lines.find((each) => each.startsWith("waiting for an answer")) ?? "";
  expect(line).toContain("touch ");
  const [, command = ""] = / – codex-mcp-server (answer \S+ \S+) \(accept, decline or cancel\)$/.exec(line) ?? [];
  await runCli(world, [...command.split(" "), "accept"]);
  expect((await call).structuredContent).toMatchObject({ success: true });
});

test("codex_wait returns when a task starts to wait, says how to answer, and then waits for its end", async () => {
  script("AWAITED");
  const { data } = await client.call("codex_dispatch", request("AWAITED"));
  const task_ids = [data["task_id"]];
  const wait = async (timeout_seconds: number) =>
    (await client.call("codex_wait", { task_ids, timeout_seconds, mode: "all" })).data;
  const first = await wait(50);
  expect(first).toMatchObject({ done: [], running: [], waiting: [{ task_id: data["task_id"], status: "waiting" }] });
  expect(first["next"]).toContain(`codex_send {task_id: "${String(data["task_id"])}", answer: "q1-0", message}`);
  // It has been told of this question: the next wait does not return at once again.
  const began = performance.now();
  expect(await wait(1)).toMatchObject({ done: [], waiting: [{ task_id: data["task_id"] }] });
  expect(performance.now() - began).toBeGreaterThan(800);
  await client.call("codex_send", { task_id: data["task_id"], answer: "q1-0", message: "accept" });
  expect(await wait(50)).toMatchObject({ done: [{ success: true }], running: [] });
});

test("a client of 2026-07-28 is asked by a result, and calls again with the answer", async () => {
  const [path = ""] = script("ROUND");
  const wire = new WireClient(world, ENGINE);
  const call = async (more: object = {}) =>
    (await wire.askModern("tools/call", { name: "codex", arguments: request("ROUND"), ...more }, ASKING)).result ?? {};
  const asked = await call();
  expect(asked).toMatchObject({
    resultType: "input_required",
    inputRequests: { "q1-0": { method: "elicitation/create", params: { requestedSchema: { type: "object" } } } },
  });
  expect(asked).not.toHaveProperty("content");
  const inputResponses = { "q1-0": { action: "accept", content: { decision: "accept" } } };
  expect(await call({ inputResponses, requestState: "forged" })).toMatchObject({ isError: true });
  const done = await call({ inputResponses, requestState: asked["requestState"] });
  expect(done).toMatchObject({
    resultType: "complete",
    structuredContent: { success: true, result: "ROUND is done." },
  });
  expect(existsSync(path)).toBe(true);
  await wire.close();
});

test("a client of tasks sees that input is required, and gives it by an update", async () => {
  const [path = ""] = script("UPDATED");
  const wire = new WireClient(world, ENGINE);
  const params = { name: "codex", arguments: request("UPDATED") };
  const { result: created } = await wire.askModern("tools/call", params, ASKING_WITH_TASKS);
  const taskId = created?.["taskId"];
  const get = async (meta: object = ASKING_WITH_TASKS) =>
    (await wire.askModern("tasks/get", { taskId }, meta)).result ?? {};
  await world.until(async () => (await get())["status"] === "input_required");
  expect(await get()).toMatchObject({ inputRequests: { "q1-0": { method: "elicitation/create" } } });
  expect(await get(WITH_TASKS)).toMatchObject({ status: "working" });
  const inputResponses = { "q1-0": { action: "accept", content: { decision: "accept" } } };
  const { result } = await wire.askModern("tasks/update", { taskId, inputResponses }, ASKING_WITH_TASKS);
  expect(result).toMatchObject({ resultType: "complete" });
  await world.until(async () => (await get())["status"] === "completed");
  expect(existsSync(path)).toBe(true);
  await wire.close();
});

test("a response that comes too late is not logged: it may be secret", async () => {
  const server = Bun.spawn([BINARY], { env: world.environment(ENGINE), cwd, stdio: ["pipe", "pipe", "pipe"] });
  const clientInfo = { name: "late", version: "1" };
  const params = { protocolVersion: "2025-06-18", capabilities: { elicitation: {} }, clientInfo };
  const late = { id: 5, result: { action: "accept", content: { password: "s3cret" } } };
  for (const message of [{ id: 0, method: "initialize", params }, late]) {
    void server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }
  await server.stdin.end();
  const log = await server.stderr.text();
  expect(log).toContain("a response for an unknown message ID");
  expect(log).not.toContain("s3cret");
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { MODERN, WireClient, type WireMessage } from "../support/wire-client.ts";
import { World } from "../support/world.ts";

let world: World;
let repo: string;
const clients: WireClient[] = [];

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  world.stub.script("QUICK", [{ say: "Done." }]);
  world.stub.script("SLOW", [{ say: "Looking." }, { run: "sleep 1.2" }, { say: "Done." }]);
  world.stub.script("ENDLESS", [{ say: "Thinking." }, { end: "hang" }]);
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await world.close();
});

function start(): WireClient {
  const client = new WireClient(world);
  clients.push(client);
  return client;
}

const INITIALIZE = (protocolVersion: string) => ({
  protocolVersion,
  capabilities: {},
  clientInfo: { name: "test", version: "1" },
});
const codex = (prompt: string, topic: string) => ({
  name: "codex",
  arguments: { prompt, cwd: repo, topic, sandbox: "read-only" },
});
const codeOf = ({ error }: WireMessage) => error?.code;

describe("2026-07-28", () => {
  test("server/discover, first of all, tells what the server is and can do", async () => {
    const { result } = await start().askModern("server/discover");
    expect(result).toMatchObject({
      resultType: "complete",
      supportedVersions: ["2026-07-28"],
      capabilities: { tools: {}, resources: {}, prompts: {}, extensions: { "io.modelcontextprotocol/tasks": {} } },
      cacheScope: "private",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "codex-mcp-server" } },
    });
    expect(result?.["instructions"]).toContain("codex_wait");
  });

  test("a call without a handshake, whose id is 0, is answered; its progress too", async () => {
    const client = start();
    const { id, result } = await client.askModern("tools/call", codex("SLOW", "review-modern-v1"), {
      ...MODERN,
      progressToken: "p",
    });
    expect(id).toBe(0);
    expect(result).toMatchObject({ resultType: "complete", structuredContent: { success: true, result: "Done." } });
    const progress = client.received.filter(({ method }) => method === "notifications/progress");
    expect(progress.map(({ params }) => params?.["message"])).toContain("$ sleep 1.2");
    expect(progress.every(({ params }) => params?.["progressToken"] === "p")).toBe(true);
  });

  test("cancelling a request whose id is 0 stops its task, and nothing more is sent for it", async () => {
    const client = start();
    client.send({
      id: 0,
      method: "tools/call",
      params: { ...codex("ENDLESS", "review-zero-v1"), _meta: { ...MODERN, progressToken: 1 } },
    });
    await client.until(({ params }) => params?.["message"] === "Thinking.");
    client.send({ method: "notifications/cancelled", params: { requestId: 0, reason: "user" } });
    await world.until(async () => {
      const args = { name: "codex_status", arguments: { task_id: "codex-review-zero-v1" } };
      const { result } = await client.askModern("tools/call", args);
      return Bun.deepMatch({ structuredContent: { status: "cancelled" } }, result);
    });
    expect(client.received.filter(({ id, result }) => id === 0 && result?.["isError"] === true)).toEqual([]);
  });

  const wrong: [string, number, string, object][] = [
    ["a version that is no text", -32_602, "tools/list", { ...MODERN, "io.modelcontextprotocol/protocolVersion": 1 }],
    ["no capabilities", -32_602, "tools/list", { "io.modelcontextprotocol/protocolVersion": "2026-07-28" }],
    ["a bad clientInfo", -32_602, "tools/list", { ...MODERN, "io.modelcontextprotocol/clientInfo": "me" }],
    ["a bad log level", -32_602, "tools/list", { ...MODERN, "io.modelcontextprotocol/logLevel": "loud" }],
    ["initialize", -32_601, "initialize", MODERN],
    ["ping", -32_601, "ping", MODERN],
    ["resources/subscribe", -32_601, "resources/subscribe", MODERN],
    ["tasks/list", -32_601, "tasks/list", MODERN],
    ["logging/setLevel", -32_601, "logging/setLevel", MODERN],
    ["an unknown resource", -32_602, "resources/read", MODERN],
    ["a call without a name", -32_602, "tools/call", MODERN],
    ["tasks/get of a client without tasks", -32_021, "tasks/get", MODERN],
  ];
  test.each(wrong)("%s is refused with %i", async (_, code, method, meta) => {
    const answer = await start().askModern(
      method,
      { uri: "codex://tasks/codex-no-v1/log", taskId: "codex-no.1" },
      meta,
    );
    expect(codeOf(answer)).toBe(code);
  });

  test("an unknown version is told which there are", async () => {
    const meta = { ...MODERN, "io.modelcontextprotocol/protocolVersion": "1900-01-01" };
    const { error } = await start().askModern("server/discover", {}, meta);
    expect(error).toMatchObject({ code: -32_022, data: { supported: ["2026-07-28"], requested: "1900-01-01" } });
  });

  test("lists say how long they hold", async () => {
    const client = start();
    for (const method of ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]) {
      const { result } = await client.askModern(method);
      expect(result).toMatchObject({
        resultType: "complete",
        cacheScope: "private",
        ttlMs: expect.any(Number) as number,
      });
    }
  });
});

describe("subscriptions/listen", () => {
  test("is acknowledged first, tells of changes under its id, and ends with the server", async () => {
    const client = start();
    const uris = ["codex://tasks", "codex://tasks/codex-none-v1/log"];
    const notifications = { toolsListChanged: true, resourceSubscriptions: uris };
    client.send({ id: "L", method: "subscriptions/listen", params: { notifications, _meta: MODERN } });
    const acknowledged = await client.until(({ method }) => method?.startsWith("notifications/") === true);
    expect(acknowledged).toMatchObject({
      method: "notifications/subscriptions/acknowledged",
      params: {
        notifications: { resourceSubscriptions: ["codex://tasks"] },
        _meta: { "io.modelcontextprotocol/subscriptionId": "L" },
      },
    });
    await client.askModern("tools/call", codex("SLOW", "review-listen-v1"));
    const update = await client.until(({ method }) => method === "notifications/resources/updated");
    expect(update.params).toMatchObject({
      uri: "codex://tasks",
      _meta: { "io.modelcontextprotocol/subscriptionId": "L" },
    });
    expect(await client.close("SIGTERM")).toBe(0);
    expect(client.received.at(-1)).toMatchObject({
      id: "L",
      result: { resultType: "complete", _meta: { "io.modelcontextprotocol/subscriptionId": "L" } },
    });
  });

  test("ends when the client cancels it", async () => {
    const client = start();
    const params = { notifications: { resourceSubscriptions: ["codex://tasks"] }, _meta: MODERN };
    client.send({ id: 7, method: "subscriptions/listen", params });
    await client.until(({ method }) => method === "notifications/subscriptions/acknowledged");
    client.send({ method: "notifications/cancelled", params: { requestId: 7 } });
    await client.askModern("tools/call", codex("SLOW", "review-unheard-v1"));
    expect(client.received.some(({ method }) => method === "notifications/resources/updated")).toBe(false);
    expect(client.received.some(({ id, result }) => id === 7 && result !== undefined)).toBe(false);
  });
});

describe("the revisions before", () => {
  test.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])("%s", async (version) => {
    const client = start();
    const { result } = await client.ask("initialize", INITIALIZE(version));
    expect(result).toMatchObject({ protocolVersion: version, serverInfo: { name: "codex-mcp-server" } });
    expect(result?.["capabilities"]).not.toHaveProperty("extensions");
    client.send({ method: "notifications/initialized" });
    expect((await client.ask("ping")).result).toEqual({});
    const tools = await client.ask("tools/list");
    expect(tools.result).not.toHaveProperty("resultType");
    const call = await client.ask("tools/call", codex("QUICK", `review-in_${version.replaceAll("-", "_")}-v1`));
    expect(call.result).toMatchObject({ structuredContent: { success: true } });
    expect(call.result).not.toHaveProperty("_meta");
    for (const method of ["server/discover", "subscriptions/listen", "tasks/get", "modern:tasks/get"]) {
      expect(codeOf(await client.ask(method, { taskId: "codex-a.1" }))).toBe(-32_601);
    }
  });

  test("nothing is answered before the handshake, except that one is there", async () => {
    const client = start();
    expect(codeOf(await client.ask("tools/list"))).toBe(-32_602);
    expect((await client.ask("ping")).result).toEqual({});
  });

  test("a wish for a task, which this server does not grant them, is ignored", async () => {
    const client = start();
    await client.ask("initialize", INITIALIZE("2025-11-25"));
    const { result } = await client.ask("tools/call", { ...codex("QUICK", "review-wish-v1"), task: { ttl: 1000 } });
    expect(result).toMatchObject({ structuredContent: { success: true } });
  });

  test("one connection may speak both", async () => {
    const client = start();
    await client.ask("initialize", INITIALIZE("2025-11-25"));
    expect((await client.askModern("tools/list")).result).toHaveProperty("resultType");
    expect((await client.ask("tools/list")).result).not.toHaveProperty("resultType");
  });
});

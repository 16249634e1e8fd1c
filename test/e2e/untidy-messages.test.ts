import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { WireClient, type WireMessage } from "../support/wire-client.ts";
import { BINARY, World } from "../support/world.ts";

let world: World;

beforeAll(() => {
  world = new World();
});
afterAll(() => world.close());

describe("no request is left without an answer", () => {
  const cases: [string, string, Partial<WireMessage>][] = [
    ["null for params", '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":null}', { id: 1 }],
    ["null for a parameter", '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":null}}', { id: 1 }],
    [
      "null for arguments",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"codex_status","arguments":null}}',
      { id: 1 },
    ],
    [
      "a text for arguments",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"codex_status","arguments":"{}"}}',
      { id: 1 },
    ],
    [
      "an empty text for arguments",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"codex_status","arguments":""}}',
      { id: 1, result: { structuredContent: expect.anything() } },
    ],
    [
      "PHP's empty list for arguments",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"codex_status","arguments":[]}}',
      { id: 1, result: { structuredContent: expect.anything() } },
    ],
    [
      "no name of a tool",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{}}}',
      { id: 1, error: { code: -32_602, message: "The request has wrong parameters: params.name is missing." } },
    ],
    [
      "null for a progress token",
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"progressToken":null}}}',
      { id: 1, result: { tools: expect.anything() } },
    ],
    [
      "null for a prompt's argument",
      '{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"review","arguments":{"scope":"src","focus":null}}}',
      { id: 1, result: { messages: expect.anything() } },
    ],
    [
      "keys that JSON-RPC does not have",
      '{"jsonrpc":"2.0","id":1,"method":"ping","result":null,"sessionId":"x"}',
      { id: 1, result: {} },
    ],
    ["no method", '{"jsonrpc":"2.0","id":1,"params":{}}', { id: 1 }],
    ["a byte order mark", '\uFEFF{"jsonrpc":"2.0","id":1,"method":"ping"}', { id: 1, result: {} }],
    [
      "a number that JSON does not have",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"codex_status","arguments":{"limit":NaN}}}',
      { id: 1, error: { code: -32_700, message: "The message is not JSON." } },
    ],
    [
      "a list for params",
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}',
      { id: 1, error: { code: -32_600, message: "The request is not valid: params is not an object." } },
    ],
    [
      "no version of JSON-RPC",
      '{"id":1,"method":"tools/list"}',
      { id: 1, error: { code: -32_600, message: 'The request is not valid: jsonrpc is not "2.0".' } },
    ],
    [
      "a number for the method",
      '{"jsonrpc":"2.0","id":1,"method":7}',
      { id: 1, error: { code: -32_600, message: "The request is not valid: method is not a text." } },
    ],
    ["an unknown method", '{"jsonrpc":"2.0","id":1,"method":"nonsense"}', { id: 1 }],
  ];
  test.each(cases)("%s", async (_, line, answer) => {
    const wire = await connected("2025-06-18");
    wire.sendLine(line);
    expect(await wire.until((message) => message.id === 1)).toMatchObject(answer);
    await wire.close();
  });

  test("what is not JSON, and a batch without messages, are answered without an id", async () => {
    const wire = await connected("2025-03-26");
    wire.sendLine("{not json");
    expect(await wire.until(({ error }) => error?.code === -32_700)).toMatchObject({ id: null });
    wire.sendLine("[]");
    expect(await wire.until(({ error }) => error?.code === -32_600)).toMatchObject({ id: null });
    await wire.close();
  });

  test("a batch is answered as one where the revision has batches", async () => {
    const wire = await connected("2025-03-26");
    wire.sendLine(
      JSON.stringify([
        { jsonrpc: "2.0", id: "a", method: "ping" },
        { jsonrpc: "2.0", method: "notifications/roots/list_changed" },
        { jsonrpc: "2.0", id: "b", method: "tools/list", params: null },
        { id: "c", method: "ping" },
      ]),
    );
    const batch = (await wire.until((message) => Array.isArray(message))) as unknown as WireMessage[];
    expect(batch.map(({ id }) => String(id)).toSorted()).toEqual(["a", "b", "c"]);
    await wire.close();
  });

  test("two requests with one id are both answered, alone and in batches", async () => {
    const wire = await connected("2025-03-26");
    const status = { jsonrpc: "2.0", id: "twice", method: "tools/call", params: { name: "codex_status" } };
    const ping = (id: string) => ({ jsonrpc: "2.0", id, method: "ping" });
    wire.sendLine(JSON.stringify(status));
    wire.sendLine(JSON.stringify(status));
    wire.sendLine(JSON.stringify([status, ping("other")]));
    wire.sendLine(JSON.stringify([ping("twice"), ping("last")]));
    const ids = () => wire.received.flat().map(({ id }) => String(id));
    await world.until(() => ids().length === 7);
    expect(ids().toSorted()).toEqual(["0", "last", "other", "twice", "twice", "twice", "twice"]);
    await wire.close();
  });

  test("an id that is too large comes back as it was sent", async () => {
    const server = Bun.spawn([BINARY], { env: world.environment(), cwd: world.root, stdin: "pipe", stdout: "pipe" });
    void server.stdin.write('{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}\n');
    void server.stdin.end();
    expect(await new Response(server.stdout).text()).toContain('"id":9007199254740993,"error"');
  });

  test("a batch that is too large is refused", async () => {
    const wire = await connected("2025-03-26");
    const ping = JSON.stringify({ jsonrpc: "2.0", id: 9, method: "ping" });
    wire.sendLine(`[${Array.from({ length: 30_000 }, () => ping).join(",")}]`);
    expect((await wire.until(({ error }) => error?.code === -32_600)).id).toBeNull();
    await wire.close();
  });

  test("an empty line is no message", async () => {
    const wire = await connected("2025-06-18");
    wire.sendLine("\r");
    wire.sendLine("  ");
    await wire.ask("ping");
    expect(wire.received.filter(({ error }) => error !== undefined)).toEqual([]);
    await wire.close();
  });

  test("initialize may hold nulls; what it lacks is named in plain words", async () => {
    const wire = new WireClient(world);
    const params = { protocolVersion: "2025-06-18", capabilities: { roots: null, sampling: null } };
    const lacking = await wire.ask("initialize", params);
    expect(lacking.error?.message).toBe("The request has wrong parameters: params.clientInfo is missing.");
    const clientInfo = { name: "wire", version: "1", title: null };
    expect(await wire.ask("initialize", { ...params, clientInfo })).toMatchObject({
      result: { protocolVersion: "2025-06-18" },
    });
    await wire.close();
  });

  test("where it has none, each of its requests is refused", async () => {
    const wire = await connected("2025-06-18");
    wire.sendLine(JSON.stringify([{ jsonrpc: "2.0", id: "a", method: "ping" }]));
    expect((await wire.until(({ id }) => id === "a")).error?.message).toContain("no batches");
    await wire.close();
  });
});

async function connected(protocolVersion: string): Promise<WireClient> {
  const wire = new WireClient(world);
  const clientInfo = { name: "wire", version: "1" };
  wire.send({ id: 0, method: "initialize", params: { protocolVersion, capabilities: {}, clientInfo } });
  await wire.until(({ id }) => id === 0);
  wire.send({ method: "notifications/initialized" });
  return wire;
}

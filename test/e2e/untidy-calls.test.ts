import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { McpClient } from "../support/mcp-client.ts";
import { WireClient, type WireMessage } from "../support/wire-client.ts";
import { World } from "../support/world.ts";

let world: World;
let cwd: string;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  world.stub.script("HELLO", [{ say: "Hello." }]);
  cwd = await world.repository();
  client = await world.client();
});
afterAll(() => world.close());

const call = (more: Record<string, unknown>) => client.call("codex", { prompt: "HELLO", cwd, ...more });

describe("arguments as clients send them", () => {
  test.each([
    ["null for each optional one", { session_id: null, images: null, timeout_seconds: null, model: null, topic: null }],
    ["a text for a number", { timeout_seconds: "60" }],
    ["a text for a truth value", { sandbox: "full-access", include_uncommitted: "true", topic: "text-for-truth" }],
    ["JSON text for a list and an object", { images: "[]", output_schema: '{"type":"object"}' }],
    ["another way to write a name", { timeoutSeconds: 60, "idle-timeout-seconds": 60 }],
    ["another way to write a choice", { sandbox: "READ_ONLY" }],
  ])("%s", async (_, more) => {
    expect((await call(more)).data).toMatchObject({ success: true });
  });

  test("keys that a client adds are ignored, and named in the note", async () => {
    const { data } = await call({ requestMetadata: { a: 1 }, toolCallId: "7" });
    expect(data).toMatchObject({ success: true });
    expect(String(data["note"])).toContain("Ignored unknown parameters: requestMetadata, toolCallId.");
  });

  test("an image's path may hold a comma; a folder is no image", async () => {
    const image = join(world.root, "one,two.png");
    writeFileSync(
      image,
      Buffer.from(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
        "base64",
      ),
    );
    const before = world.stub.requests.length;
    expect((await call({ images: image })).data).toMatchObject({ success: true });
    expect(JSON.stringify(world.stub.requests.slice(before))).toContain("input_image");
    expect((await call({ images: [world.root] })).data).toMatchObject({ success: false, code: "invalid_image" });
  });

  test("a prompt with a NUL character is refused", async () => {
    expect((await call({ prompt: "HELLO\0" })).data).toMatchObject({ success: false });
  });
});

describe("refusals are in plain words", () => {
  test.each([
    [{ prompt: undefined }, "codex: prompt is missing."],
    [{ timeout: 5 }, "codex: timeout: did you mean timeout_seconds?"],
    [{ workdir: "/" }, "codex: workdir: did you mean cwd?"],
    [{ sesion_id: "x" }, "codex: sesion_id: did you mean session_id?"],
    [
      { sandbox: "write" },
      'codex: sandbox must be one of read-only, workspace-write, full-access, danger-full-access, not "write".',
    ],
    [{ timeout_seconds: -1 }, "codex: timeout_seconds must be at least 0."],
    [{ images: { a: 1 } }, 'codex: images must be a list, not {"a":1}.'],
    [{ include_uncommitted: "perhaps" }, 'codex: include_uncommitted must be true or false, not "perhaps".'],
  ])("%j", async (more, error) => {
    expect((await call(more)).data).toMatchObject({ success: false, code: "invalid_argument", error });
  });
});

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

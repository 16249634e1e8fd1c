import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ListRootsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import type { McpClient } from "../support/mcp-client.ts";
import { WireClient } from "../support/wire-client.ts";
import { BINARY, World } from "../support/world.ts";

let world: World;
let client: McpClient;

beforeAll(async () => {
  world = new World();
  world.stub.script("REVIEW", [{ say: "No findings." }]);
  client = await world.client({}, await world.repository());
});
afterAll(() => world.close());

describe("a prompt alone", () => {
  test("outside of a project asks for cwd", async () => {
    const elsewhere = await world.client({}, world.folder("empty"));
    const { data } = await elsewhere.call("codex", { prompt: "REVIEW" });
    expect(data).toMatchObject({ success: false, code: "invalid_cwd" });
    expect(data["hint"]).toContain("Pass cwd");
  });

  test("works in the client's only root", async () => {
    const root = await world.repository("rooted");
    expect(await callWithRoots([root], "REVIEW")).toMatchObject({ success: true });
    expect(existsSync(join(root, ".codex-tasks"))).toBe(true);
  });

  test.each<[string, (root: string) => unknown]>([
    ["named twice", (root) => ({ roots: [{ uri: `file://${root}` }, { uri: `file://${root}/` }] })],
    [
      "beside what is none",
      (root) => ({ roots: [{ uri: "vscode-remote://x/y" }, { uri: 5 }, null, { uri: `file://${root}` }] }),
    ],
    ["with nulls", (root) => ({ roots: [{ uri: `file://${root}`, name: null }], _meta: null })],
    ["as a path", (root) => ({ roots: [{ uri: root }] })],
  ])("works in a root %s", async (_, answer) => {
    const root = world.folder("odd root");
    const wire = new WireClient(world);
    const params = {
      protocolVersion: "2025-06-18",
      capabilities: { roots: {} },
      clientInfo: { name: "w", version: "1" },
    };
    wire.send({ id: 100, method: "initialize", params });
    await wire.until(({ id }) => id === 100);
    wire.send({ method: "notifications/initialized" });
    wire.send({ id: 101, method: "tools/call", params: { name: "codex", arguments: { prompt: "REVIEW" } } });
    const asked = await wire.until(({ method }) => method === "roots/list");
    wire.send({ id: asked.id ?? "", result: answer(root) as Record<string, unknown> });
    const { result } = await wire.until(({ id }) => id === 101);
    expect(result).toMatchObject({ structuredContent: { success: true } });
    await wire.close();
  });

  test("asks which root is meant if there are several", async () => {
    const roots = [world.folder("one"), world.folder("two")];
    expect(await callWithRoots(roots, "REVIEW")).toMatchObject({ code: "invalid_cwd" });
  });
});

/** Calls `codex` with a prompt alone, as a client that has these roots, from a folder that is no project. */
async function callWithRoots(roots: readonly string[], prompt: string): Promise<object> {
  const transport = new StdioClientTransport({
    command: BINARY,
    env: world.environment(),
    cwd: world.folder("no-project"),
    stderr: "ignore",
  });
  const rooted = new Client({ name: "rooted", version: "1" }, { capabilities: { roots: {} } });
  rooted.setRequestHandler(ListRootsRequestSchema, () => ({ roots: roots.map((path) => ({ uri: `file://${path}` })) }));
  await rooted.connect(transport);
  try {
    const { content } = await rooted.callTool({ name: "codex", arguments: { prompt } });
    const texts = content as { text: string }[];
    return JSON.parse(texts.at(-1)?.text ?? "") as object;
  } finally {
    await rooted.close();
  }
}

describe("cwd", () => {
  test.each<[string, (folder: string) => string]>([
    ["as a URI", (folder) => `file://${encodeURI(folder)}`],
    ["with spaces around it", (folder) => ` ${folder} `],
    ["with a slash at the end", (folder) => `${folder}/`],
  ])("%s", async (_, write) => {
    const folder = world.folder("with space");
    expect((await client.call("codex", { prompt: "REVIEW", cwd: write(folder) })).data).toMatchObject({
      success: true,
    });
  });
});

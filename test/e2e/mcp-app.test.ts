import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { UI_EXTENSION, VIEW_TYPE, VIEW_URI } from "#mcp/app/ui-extension.ts";
import { ALL_TOOLS } from "#mcp/tools/register-tools.ts";
import { TestBoard } from "../support/board.ts";
import { MODERN, WireClient, type WireMessage } from "../support/wire-client.ts";
import { World } from "../support/world.ts";

const EXTENSIONS = { [UI_EXTENSION]: { mimeTypes: [VIEW_TYPE] } };

let world: World;
let repo: string;
const clients: WireClient[] = [];

beforeAll(async () => {
  world = new World();
  repo = await world.repository();
  world.stub.script("QUICK", [{ say: "Done." }]);
  const patch = "*** Begin Patch\n*** Add File: answer.ts\n+export const answer = 42;\n*** End Patch";
  world.stub.script("PATCH", [{ patch }, { say: "Added." }]);
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await world.close();
});

type Ask = (method: string, params?: Record<string, unknown>) => Promise<WireMessage>;

/** A part of a message's result. */
function partOf({ result }: WireMessage, name: string): unknown {
  return result?.[name];
}

/** A client of one of the two revisions of the protocol, with these capabilities. */
async function start(revision: string, capabilities: object): Promise<Ask> {
  const client = new WireClient(world);
  clients.push(client);
  if (revision === "2026-07-28") {
    const meta = { ...MODERN, "io.modelcontextprotocol/clientCapabilities": capabilities };
    return async (method, params) => client.askModern(method, params, meta);
  }
  const clientInfo = { name: "test", version: "1" };
  await client.ask("initialize", { protocolVersion: revision, capabilities, clientInfo });
  return async (method, params) => client.ask(method, params);
}

async function read(ask: Ask, args: object): Promise<WireMessage> {
  return ask("tools/call", { name: "codex_page", arguments: args });
}

const without: [string, object][] = [
  ["no extension", {}],
  ["another extension", { extensions: { "io.modelcontextprotocol/tasks": {} } }],
  ["pages of another type", { extensions: { [UI_EXTENSION]: { mimeTypes: ["text/plain"] } } }],
  ["no types", { extensions: { [UI_EXTENSION]: {} } }],
];

describe.each(["2025-11-25", "2026-07-28"])("in %s", (revision) => {
  describe.each(without)("a client with %s", (_, capabilities) => {
    test("sees no difference", async () => {
      const ask = await start(revision, capabilities);
      const { result: tools } = await ask("tools/list");
      expect(JSON.stringify(tools?.["tools"])).toBe(JSON.stringify(ALL_TOOLS.map((tool) => tool.describe())));
      const { result: list } = await ask("resources/list");
      expect(JSON.stringify(list)).not.toContain("ui://");
      const [view, nothing] = [await ask("resources/read", { uri: VIEW_URI }), "ui://other/page"];
      const other = await ask("resources/read", { uri: nothing });
      expect(JSON.stringify(view.error).replaceAll(VIEW_URI, nothing)).toBe(JSON.stringify(other.error));
      const { result } = await read(ask, { part: "state", task_id: "codex-x" });
      expect(result).toMatchObject({ isError: true });
      expect(JSON.stringify(result)).toContain('There is no tool \\\\\\"codex_page\\\\\\"');
    });
  });

  describe("a client with the extension", () => {
    let ask: Ask;
    beforeAll(async () => {
      ask = await start(revision, { extensions: EXTENSIONS });
    });

    test("gets the same tools, of which some name the page, and one for the page alone", async () => {
      type Listed = { name: string; _meta?: { ui: { resourceUri?: string; visibility?: string[] } } };
      const tools = partOf(await ask("tools/list"), "tools") as Listed[];
      const own = tools.filter(({ name }) => name === "codex_page");
      expect(own.map(({ _meta }) => _meta)).toEqual([{ ui: { visibility: ["app"] } }]);
      const others = tools.filter(({ name }) => name !== "codex_page");
      const plain = others.map(({ _meta, ...tool }) => tool);
      expect(JSON.stringify(plain)).toBe(JSON.stringify(ALL_TOOLS.map((tool) => tool.describe())));
      expect(others.filter(({ _meta }) => _meta?.ui.resourceUri === VIEW_URI).map(({ name }) => name)).toEqual([
        "codex",
        "codex_dispatch",
        "codex_review",
        "codex_status",
        "codex_diff",
      ]);
    });

    test("gets the page: one file that names no other, with a policy without other hosts", async () => {
      const list = partOf(await ask("resources/list"), "resources") as { uri: string }[];
      const listed = list.find(({ uri }) => uri === VIEW_URI);
      const [page] = partOf(await ask("resources/read", { uri: VIEW_URI }), "contents") as { text: string }[];
      expect(listed).toMatchObject({ mimeType: VIEW_TYPE, _meta: { ui: { prefersBorder: true } } });
      expect(page).toMatchObject({
        mimeType: VIEW_TYPE,
        _meta: { ui: { csp: { connectDomains: [], resourceDomains: [], frameDomains: [], baseUriDomains: [] } } },
      });
      const [markup = ""] = (page?.text ?? "").split("<style>");
      expect(page?.text).toStartWith("<!doctype html>");
      expect(page?.text).toContain("<style>");
      expect(markup).not.toMatch(/\b(src|href)=/);
      expect(page?.text.length).toBeLessThan(900_000);
    });

    test("the page reads a task, and does not use up what is for the model", async () => {
      const topic = `review-app_${revision.replaceAll("-", "_")}-v1`;
      const args = { prompt: "QUICK look", cwd: repo, topic, sandbox: "read-only" };
      const started = await ask("tools/call", { name: "codex_dispatch", arguments: args });
      const { task_id: id } = partOf(started, "structuredContent") as { task_id: string };
      await world.until(async () => {
        const { result: state } = await read(ask, { part: "state", task_id: id });
        return Bun.deepMatch({ content: [], structuredContent: { data: { is_ended: true } } }, state);
      });
      const { result: after } = await ask("tools/call", { name: "codex_status", arguments: { limit: 1, all: true } });
      expect(JSON.stringify(after)).toContain(id);
      expect(after?.["structuredContent"]).toHaveProperty("ended_since");
    });

    test("each part is what the board's page reads", async () => {
      const topic = `implement-parts_${revision.replaceAll("-", "_")}-v1`;
      const args = { prompt: "PATCH it", cwd: repo, topic, sandbox: "workspace-write" };
      const done = await ask("tools/call", { name: "codex", arguments: args });
      const { task_id: id } = partOf(done, "structuredContent") as { task_id: string };
      const board = await TestBoard.start(world);
      const fromBoard = async (path: string) => (await board.request(`/api/tasks/${id}${path}`)).text();
      const fromChat = async (part: string, query: object) => {
        const content = partOf(await read(ask, { part, task_id: id, query }), "structuredContent");
        return (content as { data: Record<string, unknown> }).data;
      };
      try {
        expect(await fromChat("task", {})).toEqual(JSON.parse(await fromBoard("")));
        expect(await fromChat("log", { run: 1 })).toEqual(JSON.parse(await fromBoard("/log?run=1")));
        expect(await fromChat("search", { q: "added" })).toEqual(JSON.parse(await fromBoard("/search?q=added")));
        const [mine, theirs] = [
          await fromChat("diff", { since: "base" }),
          JSON.parse(await fromBoard("/diff?since=base")),
        ];
        expect({ ...mine, key: "" }).toEqual({ ...theirs, key: "" });
        const patch: unknown = await fromChat("patch", { key: mine["key"], offset: 0, length: mine["patch_bytes"] });
        expect(patch).toBe(await fromBoard(`/patch?key=${theirs.key}&offset=0&length=${theirs.patch_bytes}`));
        expect(patch).toContain("+export const answer = 42;");
      } finally {
        await board.stop();
      }
    });

    test.each([
      [{ part: "state", task_id: "codex-none-v1" }, "unknown_task"],
      [{ part: "log", task_id: "codex-none-v1" }, "unknown_task"],
      [{ part: "task", task_id: "../../etc" }, "unknown_task"],
      [{ part: "state" }, "invalid_argument"],
      [{ part: "cancel", task_id: "codex-none-v1" }, "invalid_argument"],
      [{ task_id: "codex-none-v1" }, "invalid_argument"],
    ])("%j is refused with %s", async (args, code) => {
      const { result } = await read(ask, args);
      expect(result).toMatchObject({ isError: true });
      expect(JSON.stringify(result)).toContain(`\\"code\\":\\"${code}\\"`);
    });
  });
});

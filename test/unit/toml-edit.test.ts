import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "#base/errors.ts";
import type { ServerEntry } from "#install/clients/client.ts";
import { FORMATS } from "#install/clients/shapes.ts";
import { parseToml, withTomlValue } from "#install/edit/toml-edit.ts";
import { getServer, withServer } from "../support/client-text.ts";
import { runs, texts } from "../support/property.ts";
import { type TomlDocument, tomlDocuments } from "../support/toml-documents.ts";

const FORMAT = FORMATS.codex;
const NAME = "codex";

type Content = Record<string, unknown> & { mcp_servers?: Record<string, unknown> };

const entries: fc.Arbitrary<ServerEntry> = fc.record({
  command: texts,
  args: fc.array(fc.oneof(texts, fc.constantFrom("\u007f", "[x]", "\n[mcp_servers.codex]\n")), { maxLength: 3 }),
  env: fc.dictionary(fc.oneof(fc.constantFrom("PATH", "a.b", "", "[x]", "é"), fc.stringMatching(/^\w{1,6}$/)), texts, {
    maxKeys: 3,
  }),
});

function read(text: string): Content {
  return Bun.TOML.parse(text) as Content;
}

/** Returns a document's content without our server, and without servers if it was the only one. */
function withoutOurs(text: string): Content {
  const { mcp_servers = {}, ...others } = read(text);
  const { [NAME]: _, ...servers } = mcp_servers;
  return Object.keys(servers).length === 0 ? others : { ...others, mcp_servers: servers };
}

/** Returns a document's lines that say something. */
function linesOf(text: string): string[] {
  return toLines(text.replace(/^\uFEFF/, "").split(/\r?\n/));
}

function toLines(lines: readonly string[]): string[] {
  return lines.map((line) => line.trim()).filter((line) => line !== "");
}

/** Returns whether a list has all items of another one, in their order. */
function keepsInOrder(list: readonly string[], items: readonly string[]): boolean {
  let at = 0;
  for (const line of list) if (line === items[at]) at++;
  return at === items.length;
}

/** Returns the edited text; undefined if the document is refused, which a plain one must not be. */
function edit({ text, isPlain }: TomlDocument, entry: ServerEntry | undefined): string | undefined {
  try {
    return withServer(text, FORMAT, entry, "/home/me/config.toml");
  } catch (error) {
    if (!(error instanceof AppError) || isPlain) throw error;
    expect(error.code).toBe("client_file_unreadable");
    expect(error.message).toContain("/home/me/config.toml");
    return undefined;
  }
}

test("an entry is added or replaced, and all other lines stay, or the document is refused", () => {
  const property = fc.property(tomlDocuments, entries, (document, entry) => {
    const edited = edit(document, entry);
    if (edited === undefined) return;
    expect(getServer(edited, FORMAT)).toEqual(entry);
    expect(withoutOurs(edited)).toEqual(withoutOurs(document.text));
    const others = toLines(document.others);
    if (document.isPlain) expect(linesOf(edited).slice(0, others.length)).toEqual(others);
    expect(keepsInOrder(linesOf(edited), others)).toBe(true);
    expect(edit({ ...document, text: edited }, entry)).toBe(edited);
    if (document.text.includes("\r\n")) expect(edited).not.toMatch(/(?<!\r)\n/);
  });
  fc.assert(property, runs(0.5));
});

test("an entry is removed, and all other lines stay, or the document is refused", () => {
  const property = fc.property(tomlDocuments, (document) => {
    const edited = edit(document, undefined);
    if (edited === undefined) return;
    expect(getServer(edited, FORMAT)).toBeUndefined();
    expect(withoutOurs(edited)).toEqual(withoutOurs(document.text));
    if (document.isPlain) expect(linesOf(edited)).toEqual(toLines(document.others));
    expect(keepsInOrder(linesOf(edited), toLines(document.others))).toBe(true);
    expect(edit({ ...document, text: edited }, undefined)).toBe(edited);
  });
  fc.assert(property, runs(0.5));
});

test("an entry that is added and removed again leaves the document as it was", () => {
  const property = fc.property(tomlDocuments, entries, (document, entry) => {
    const without = edit(document, undefined);
    const added = without === undefined ? undefined : edit({ ...document, text: without }, entry);
    if (without === undefined || added === undefined) return;
    expect(edit({ ...document, text: added }, undefined)).toBe(without);
  });
  fc.assert(property, runs());
});

test("a text that is no such document is refused", () => {
  const damaged = fc
    .tuple(tomlDocuments, fc.nat(), fc.constantFrom("", "[", '"', "=", "'''", "\n[mcp_servers.codex]\n", "\u0000"))
    .map(([{ text }, at, insert]) => {
      const cut = at % (text.length + 1);
      return {
        text: text.slice(0, cut) + insert + text.slice(cut + (insert === "" ? 1 : 0)),
        others: [],
        isPlain: false,
      };
    });
  const property = fc.property(damaged, fc.option(entries, { nil: undefined }), (document, entry) => {
    const edited = edit(document, entry);
    if (edited === undefined) return;
    expect(getServer(edited, FORMAT)).toEqual(entry);
    expect(withoutOurs(edited)).toEqual(withoutOurs(document.text));
  });
  fc.assert(property, runs());
});

test("an entry ends with its last line: a comment below it belongs to the next header", () => {
  const others = '# mine\nmodel = "gpt-5" # the best\n\n# about the other\n[mcp_servers.other] # keep\ncommand = "x"\n';
  const ours = '[mcp_servers.codex]\ncommand = "/old"\n\n[mcp_servers.codex.env]\nA = "1"\n\n';
  const text = others.replace("# about", `${ours}# about`);
  expect(withTomlValue(text, ["mcp_servers", "codex"], undefined)).toBe(others);
  expect(withTomlValue(others, ["mcp_servers", "codex"], { command: "/x" })).toBe(
    `${others}\n[mcp_servers.codex]\ncommand = "/x"\n`,
  );
});

test.each([
  "[mcp_servers.__proto__]\ncommand = 'x'\n",
  "__proto__.command = 'x'\n",
  'a = [{ "\\u005f_proto__" = { command = "x" } }]\n',
])("%j, which would change the prototype of all objects, is refused", (text) => {
  expect(() => parseToml(text)).toThrow("has the key __proto__ in line 1");
  expect(Object.keys(Object.getPrototypeOf({}) as object)).toEqual([]);
});

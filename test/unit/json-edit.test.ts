import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createScanner, findNodeAtLocation, parse, type ParseError, parseTree } from "jsonc-parser";
import { AppError } from "#base/errors.ts";
import type { ServerEntry } from "#install/clients/client.ts";
import { MCP_SERVERS as FORMAT } from "#install/clients/shapes.ts";
import { withJsonValue } from "#install/edit/json-edit.ts";
import { getServer, withServer } from "../support/client-text.ts";
import { jsonDocuments } from "../support/json-documents.ts";
import { runs, texts } from "../support/property.ts";

const NAME = "codex";

/** SyntaxKind.EOF, a constant that TypeScript cannot import. */
const END_OF_FILE = 17;

type Document = Record<string, unknown> & { mcpServers?: Record<string, unknown> };

function read(text: string): Document {
  const errors: ParseError[] = [];
  const source = text.replace(/^\uFEFF/, "");
  const value = parse(source, errors, { allowTrailingComma: true }) as Document | undefined;
  expect(errors.length === 0 || source.trim() === "").toBe(true);
  return value ?? {};
}

/** Returns the tokens and comments of a text before, after and around its entry for our server. */
function tokensOf(text: string): string[] {
  const source = text.replace(/^\uFEFF/, " ");
  const root = parseTree(source, [], { allowTrailingComma: true });
  const own = root && findNodeAtLocation(root, ["mcpServers", NAME])?.parent;
  const scanner = createScanner(source);
  const tokens: string[] = [];
  for (let kind: number = scanner.scan(); kind !== END_OF_FILE; kind = scanner.scan()) {
    const at = scanner.getTokenOffset();
    const isOwn = own !== undefined && at >= own.offset && at < own.offset + own.length;
    const token = source.slice(at, at + scanner.getTokenLength()).trimEnd();
    if (!isOwn && !/^[\s,]*$/.test(token)) tokens.push(token);
  }
  return tokens;
}

/** Returns what stands before and after the object of servers. */
function around(text: string): { before: string; after: string } {
  const root = parseTree(text.replace(/^\uFEFF/, " "), [], { allowTrailingComma: true });
  const servers = root && findNodeAtLocation(root, ["mcpServers"]);
  if (servers === undefined) throw new Error("no servers");
  return { before: text.slice(0, servers.offset), after: text.slice(servers.offset + servers.length) };
}

const entries: fc.Arbitrary<ServerEntry> = fc.record({
  command: texts,
  args: fc.array(texts, { maxLength: 3 }),
  env: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,6}$/), texts, { maxKeys: 3 }),
});
const documents = fc.oneof(
  { weight: 9, arbitrary: jsonDocuments },
  fc.constantFrom("", " \n", "{}", "{\n}\n", "\uFEFF"),
);

test("an entry is added or replaced, and nothing else of the document changes", () => {
  const property = fc.property(documents, entries, (text, entry) => {
    const before = read(text);
    const edited = withServer(text, FORMAT, entry);
    expect(getServer(edited, FORMAT)).toEqual(entry);
    const { [NAME]: _, ...others } = read(edited).mcpServers ?? {};
    const { [NAME]: old, ...kept } = before.mcpServers ?? {};
    expect({ ...read(edited), mcpServers: others }).toEqual({ ...before, mcpServers: kept });
    const servers = before.mcpServers === undefined ? ['"mcpServers"', ":", "{", "}"] : [];
    if (servers.length === 0) {
      expect(tokensOf(edited)).toEqual(tokensOf(text));
      expect(around(edited)).toEqual(around(text));
    } else expect(withoutFirst(tokensOf(edited), servers)).toEqual(tokensOf(text.trim() === "" ? "{}" : text));
    if (!/(?<!\r)\n/.test(text) && text.includes("\n")) expect(edited).not.toMatch(/(?<!\r)\n/);
    expect(edited.startsWith("\uFEFF")).toBe(text.startsWith("\uFEFF"));
    expect(withServer(edited, FORMAT, entry)).toBe(edited);
    expect(old === undefined || edited !== text || Bun.deepEquals(old, read(edited).mcpServers?.[NAME])).toBe(true);
  });
  fc.assert(property, runs(0.5));
});

/** Returns a list without the last place where these items follow each other. */
function withoutFirst(list: string[], items: readonly string[]): string[] {
  const at = list.findLastIndex((_, index) => items.every((item, offset) => list[index + offset] === item));
  return at < 0 ? list : [...list.slice(0, at), ...list.slice(at + items.length)];
}

test("an entry is removed, and nothing else of the document changes", () => {
  const property = fc.property(documents, (text) => {
    const before = read(text);
    const { [NAME]: old, ...kept } = before.mcpServers ?? {};
    const edited = withServer(text, FORMAT, undefined);
    expect(read(edited)).toEqual({ ...before, ...(before.mcpServers !== undefined && { mcpServers: kept }) });
    expect(tokensOf(edited)).toEqual(tokensOf(text));
    if (old === undefined) expect(edited).toBe(text);
    expect(withServer(edited, FORMAT, undefined)).toBe(edited);
  });
  fc.assert(property, runs(0.5));
});

test("an entry that is added and removed again leaves the document as it was", () => {
  const property = fc.property(documents, entries, (text, entry) => {
    const without = withServer(text, FORMAT, undefined);
    const again = withServer(withServer(without, FORMAT, entry), FORMAT, undefined);
    const { mcpServers = {}, ...others } = read(without);
    expect(read(again)).toEqual({ ...others, mcpServers });
    if (read(without).mcpServers !== undefined) expect(tokensOf(again)).toEqual(tokensOf(without));
  });
  fc.assert(property, runs());
});

test("a text that is no such document is refused, or edited as wanted", () => {
  const damaged = fc
    .tuple(
      jsonDocuments,
      fc.nat(),
      fc.constantFrom("", "{", "}", '"', ",", "[", "x", "/*", '"mcpServers":{},', '"codex":1,'),
    )
    .map(
      ([text, at, insert]) =>
        text.slice(0, at % (text.length + 1)) + insert + text.slice((at % (text.length + 1)) + (insert === "" ? 1 : 0)),
    );
  const property = fc.property(
    fc.oneof(damaged, texts, fc.json()),
    fc.option(entries, { nil: undefined }),
    (text, entry) => {
      let edited: string;
      try {
        edited = withServer(text, FORMAT, entry, "/home/me/file.json");
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
        const { code, message } = error as AppError;
        expect(code).toBe("client_file_unreadable");
        expect(message).toContain("/home/me/file.json");
        return;
      }
      expect(getServer(edited, FORMAT)).toEqual(entry);
    },
  );
  fc.assert(property, runs(0.5));
});

describe.each([
  [
    "a comment behind the last",
    '{\n  "mcpServers": {\n    "other": {} // keep\n  }\n}\n',
    '{\n  "mcpServers": {\n    "other": {}, // keep\n    "codex": 1\n  }\n}\n',
  ],
  [
    "tabs and a trailing comma",
    '{\n\t"mcpServers": {\n\t\t"a": {},\n\t},\n}\n',
    '{\n\t"mcpServers": {\n\t\t"a": {},\n\t\t"codex": 1,\n\t},\n}\n',
  ],
  [
    "a comma at the beginning of a line",
    '{\n  "mcpServers": {\n    "a": {}\n    ,\n  }\n}\n',
    '{\n  "mcpServers": {\n    "a": {}\n    ,\n    "codex": 1,\n  }\n}\n',
  ],
])("a document with %s", (_, text, expected) => {
  test("is edited in its style, and as it was when the entry is gone again", () => {
    const added = withJsonValue(text, ["mcpServers", "codex"], 1);
    expect(added).toBe(expected);
    expect(withJsonValue(added, ["mcpServers", "codex"], undefined)).toBe(text);
  });
});

test("the work grows with the spaces around an entry, not with their square", () => {
  const edit = (count: number) => {
    const space = " ".repeat(count);
    const text = `{${space}"mcpServers":{${space}"codex":{}${space}}${space}}`;
    const before = process.cpuUsage();
    withJsonValue(withJsonValue(text, ["mcpServers", "codex"], undefined), ["mcpServers", "x"], 1);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  edit(3000);
  expect(edit(60_000) / edit(3000)).toBeLessThan(150);
});

// Generated files of clients: install, then install --uninstall. PROPERTY_RUNS=2000 tries 1,000 of each format.
import { afterAll, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { parse } from "jsonc-parser";
import { AppError } from "#base/errors.ts";
import type { McpClient, ServerEntry } from "#install/clients/client.ts";
import { CLIENTS } from "#install/clients/client-table.ts";
import { applyChange, planChange } from "#install/set-up-client.ts";
import { jsonDocuments } from "../support/json-documents.ts";
import { runs, texts } from "../support/property.ts";
import { tomlDocuments } from "../support/toml-documents.ts";
import { yamlDocuments } from "../support/yaml-documents.ts";

const NAME = "helper";
const folder = mkdtempSync("/var/tmp/codexmcp-install-");
const path = join(folder, "client-file");

beforeEach(empty);
afterAll(() => rmSync(folder, { recursive: true }));

function empty(): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
}

type Content = Record<string, unknown>;

const parsers: Record<string, (text: string) => unknown> = {
  json: (text) => parse(text, [], { allowTrailingComma: true }) as unknown,
  toml: Bun.TOML.parse,
  yaml: Bun.YAML.parse,
};

/** Returns the content of a file without our entry, and without servers if there is no other. */
function withoutOurs(text: string, { format }: McpClient): Content {
  const content = (parsers[format.language]?.(text.replace(/^\uFEFF/, "")) ?? {}) as Content;
  const { [format.key]: list, ...others } = content;
  const { [NAME]: _, ...servers } = (list ?? {}) as Content;
  return Object.keys(servers).length === 0 ? others : { ...others, [format.key]: servers };
}

const entries: fc.Arbitrary<ServerEntry> = fc.record({
  command: fc.constantFrom("/usr/local/bin/codex-mcp-server", "C:\\tools\\codex-mcp-server.exe"),
  args: fc.constant([]),
  env: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,6}$/), texts, { maxKeys: 2 }),
});

/** Returns whether the client was set up; a refusal names the file and leaves it as it was. */
function install(client: McpClient, entry: ServerEntry | undefined): boolean {
  const before = readFileSync(path, "utf8");
  try {
    const change = planChange({ client, path, name: NAME, entry });
    if (change !== undefined) applyChange(change);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe("client_file_unreadable");
    expect((error as AppError).message).toContain(path);
    expect(readFileSync(path, "utf8")).toBe(before);
    return false;
  }
}

const CASES: [string, string, fc.Arbitrary<string>, number][] = [
  ["JSON", "cursor", jsonDocuments.filter((text) => !text.startsWith("\uFEFF")).map(toStrict), 0],
  ["JSON with comments", "zed", jsonDocuments.map((text) => text.replace(/"mcpServers"/, '"context_servers"')), 0],
  ["TOML", "codex", tomlDocuments.map(({ text }) => text), 0.05],
  ["YAML", "goose", yamlDocuments, 0.2],
];

/** Returns a document as JSON without comments, sometimes with a byte order mark. */
function toStrict(text: string): string {
  const content: unknown = parse(text, [], { allowTrailingComma: true });
  const json = JSON.stringify(content, null, text.length % 3 === 0 ? "\t" : text.length % 5);
  return (text.length % 4 === 0 ? "\uFEFF" : "") + (text.includes("\r") ? json.replaceAll("\n", "\r\n") : json);
}

test.each(CASES)("a file of %s is given back byte for byte", (_, id, documents, mayRefuse) => {
  const client = CLIENTS.find((candidate) => candidate.id === id);
  if (client === undefined) throw new Error(`no client ${id}`);
  let [count, refused] = [0, 0];
  const property = fc.property(documents, entries, fc.boolean(), (text, entry, hasBackup) => {
    empty();
    writeFileSync(path, text);
    count++;
    if (!install(client, entry)) {
      refused++;
      return;
    }
    const between = readFileSync(path, "utf8");
    expect(between).not.toBe(text);
    expect(withoutOurs(between, client)).toEqual(withoutOurs(text, client));
    if (!hasBackup) for (const name of readdirSync(folder)) if (name.endsWith(".bak")) rmSync(join(folder, name));
    expect(install(client, undefined)).toBe(true);
    // A file that holds nothing but our entry, and has no backup, is taken for ours.
    const after = existsSync(path) ? readFileSync(path, "utf8") : "";
    if (hasBackup) expect(after).toBe(text);
    expect(withoutOurs(after, client)).toEqual(withoutOurs(text, client));
    expect(readdirSync(folder).filter((name) => name.endsWith(".bak"))).toHaveLength(hasBackup ? 2 : 1);
  });
  fc.assert(property, runs(2));
  expect(refused).toBeLessThanOrEqual(Math.max(5, count * mayRefuse));
});

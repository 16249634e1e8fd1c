import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { AppError } from "#base/errors.ts";
import type { ServerEntry } from "#install/clients/client.ts";
import { FORMATS } from "#install/clients/shapes.ts";
import { parseYaml, withYamlValue } from "#install/edit/yaml-edit.ts";
import { getServer, withServer } from "../support/client-text.ts";
import { runs, texts } from "../support/property.ts";
import { yamlDocuments } from "../support/yaml-documents.ts";

const FORMAT = FORMATS.goose;

const entries: fc.Arbitrary<ServerEntry> = fc.record({
  command: texts,
  args: fc.array(fc.oneof(texts, fc.constantFrom("yes", "- x", "# no", "1e3")), { maxLength: 3 }),
  env: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,6}$/), texts, { maxKeys: 3 }),
});

/** Returns what another parser reads, without our server, and without extensions if there is no other. */
function withoutOurs(text: string): unknown {
  const content = (Bun.YAML.parse(text.replace(/^\uFEFF/, "")) ?? {}) as {
    extensions?: Record<string, unknown> | null;
  };
  const { codex: _, ...extensions } = content.extensions ?? {};
  const { extensions: __, ...others } = content;
  return Object.keys(extensions).length === 0 ? others : { ...others, extensions };
}

/** Returns a document's lines that say something. */
function linesOf(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  return lines.map((line) => line.trim()).filter((line) => line !== "");
}

test("an entry is added, and no other line changes; removed again, it leaves the document as it was", () => {
  let refused = 0;
  const property = fc.property(yamlDocuments, entries, (text, entry) => {
    let added: string;
    try {
      added = withServer(text, FORMAT, entry);
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      refused++;
      return;
    }
    expect(getServer(added, FORMAT)).toEqual(entry);
    expect(withoutOurs(added)).toEqual(withoutOurs(text));
    const isChanged = /extensions: (?:\{\}|~|\{ a)/.test(text);
    const left = new Set(linesOf(added));
    if (!isChanged) for (const line of linesOf(text)) expect(left).toContain(line);
    if (text.includes("\r\n")) expect(added).not.toMatch(/(?<!\r)\n/);
    const removed = withServer(added, FORMAT, undefined);
    expect(withoutOurs(removed)).toEqual(withoutOurs(text));
    const hasOthers = /\nextensions:(?: \{ a.*)?\r?\n +[^\s#]/.test(`\n${text}`);
    if (hasOthers) expect(removed).toBe(text);
  });
  fc.assert(property, runs(0.5));
  expect(refused).toBeLessThan((60 * Number(process.env["PROPERTY_RUNS"] ?? 200)) / 200);
});

test.each([
  ["extensions:\n  a:\n    cmd: x\n", "extensions:\n  a:\n    cmd: x\n  codex: 1\n"],
  ["extensions:\n    a: 1 # one\n\n# about z\nz: 1", "extensions:\n    a: 1 # one\n    codex: 1\n\n# about z\nz: 1"],
  ["extensions: {}\nz: 1\n", "extensions:\n  codex: 1\nz: 1\n"],
  ["extensions: # none\nz: 1\n", "extensions: # none\n  codex: 1\nz: 1\n"],
  ["extensions: {a: 1}\n", 'extensions: {a: 1, "codex": 1}\n'],
  ["z: 1\n", "z: 1\nextensions:\n  codex: 1\n"],
  ["z: 1", "z: 1\nextensions:\n  codex: 1"],
  ["", "extensions:\n  codex: 1\n"],
])("%j is edited in its style", (text, expected) => {
  expect(withYamlValue(text, ["extensions", "codex"], 1)).toBe(expected);
});

test.each(["a: 1\na: 2\n", "extensions:\n  x: 1\n  x: 2\n", "a: {x: 1, x: 2}\n"])(
  "%j, with a key twice, is refused",
  (text) => {
    expect(() => withYamlValue(text, ["extensions", "codex"], 1)).toThrow(/it has the key \w twice/);
  },
);

test("the work grows with the number of keys, not with its square", () => {
  const read = (count: number) => {
    const text = Array.from({ length: count }, (_, index) => `k${index}: 1\n`).join("");
    const before = process.cpuUsage();
    parseYaml(text);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  read(2000);
  expect(read(20_000) / read(2000)).toBeLessThan(50);
});

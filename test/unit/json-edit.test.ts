import { describe, expect, test } from "bun:test";
import { parse, type ParseError } from "jsonc-parser";
import { withProperty } from "#install/json-edit.ts";

const TEXTS: Record<string, string> = {
  empty: "",
  "an empty object": "{}",
  "an empty object over two lines": "{\n}\n",
  "no servers yet": '{\r\n  "theme": "dark"\r\n}\r\n',
  "an empty list of servers": '{\n  "mcpServers": {}\n}\n',
  "only a comment among the servers": '{\n  "mcpServers": {\n    // none yet\n  }\n}\n',
  "one line": '{"mcpServers":{"a":{"command":"x"}},"z":1}',
  "tabs, comments, a trailing comma":
    '{\n\t// mine\n\t"mcpServers": {\n\t\t"other": { "command": "x",   "args":["a"] }, // keep\n\t},\n}\n',
  "a comment behind the last": '{\n  "mcpServers": {\n    "other": { "command": "x" } // keep\n  }\n}\n',
  "a block comment behind the last": '{\n  "mcpServers": {\n    "other": {} /* keep */\n  }, "b": 2 // c\n}',
  "a comma at the beginning of a line": '{\n  "mcpServers": {\n    "a": {}\n    , "b": {}\n    ,\n  }\n}\n',
};

function read(text: string): Record<string, Record<string, unknown>> {
  const errors: ParseError[] = [];
  const value = parse(text, errors, { allowTrailingComma: true }) as Record<string, Record<string, unknown>>;
  expect(errors).toEqual([]);
  return value;
}

describe.each(Object.entries(TEXTS))("a file with %s", (_, text) => {
  const entry = { command: "/bin/server", args: ["serve"], env: { A: "1" } };
  const added = withProperty(text, "mcpServers", "codex", entry);

  test("gets the entry; nothing else of it changes", () => {
    const before = text === "" ? {} : read(text);
    expect(read(added)).toEqual({ ...before, mcpServers: { ...before["mcpServers"], codex: entry } });
    // What was there stands there still, in its order: only whole pieces were put between.
    let from = 0;
    for (const word of text.split(/[\s{},]+/).filter(Boolean)) {
      const at = added.indexOf(word, from);
      expect(at).toBeGreaterThanOrEqual(from);
      from = at;
    }
    if (text.includes("\r\n")) expect(added.replaceAll("\r\n", "")).not.toContain("\n");
  });

  test("gets another in its place, and loses it again", () => {
    const replaced = withProperty(added, "mcpServers", "codex", { command: "/other" });
    expect(read(replaced)["mcpServers"]?.["codex"]).toEqual({ command: "/other" });
    const removed = withProperty(replaced, "mcpServers", "codex", undefined);
    const hadServers = text.includes("mcpServers");
    if (hadServers) expect(removed).toBe(text);
    else expect(read(removed)).toEqual({ ...(text === "" ? {} : read(text)), mcpServers: {} });
  });

  test("without the entry, there is nothing to take out", () => {
    expect(withProperty(text, "mcpServers", "codex", undefined).trim()).toBe(text === "" ? "{}" : text.trim());
  });
});

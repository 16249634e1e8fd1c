import { expect, test } from "bun:test";
import { lostLines, withTable } from "#install/toml-edit.ts";

const TEXT = `# mine
model = "gpt-5" # the best

[mcp_servers.codex]
command = "/old"

[mcp_servers.codex.env]
A = "1"

# about the other
[mcp_servers.other] # keep
command = "other-server"
`;
const OTHERS = `# mine
model = "gpt-5" # the best

# about the other
[mcp_servers.other] # keep
command = "other-server"
`;

test("a table is replaced: its lines go, all others stay, the new one parses", () => {
  const entry = { command: '/new "quoted"', args: ["-x", "ü"], env: { B: "2" } };
  const text = withTable(TEXT, "mcp_servers.codex", entry);
  expect(text).toStartWith(OTHERS);
  expect(Bun.TOML.parse(text)).toEqual({
    model: "gpt-5",
    mcp_servers: { codex: entry, other: { command: "other-server" } },
  });
});

test("it is taken out", () => {
  expect(withTable(TEXT, "mcp_servers.codex", undefined)).toBe(OTHERS);
  expect(withTable(withTable(OTHERS, "mcp_servers.codex", { command: "/x" }), "mcp_servers.codex", undefined)).toBe(
    OTHERS,
  );
  expect(withTable("", "mcp_servers.codex", { command: "/x" })).toBe('[mcp_servers.codex]\ncommand = "/x"\n');
  // Another of which its name is the beginning is another.
  expect(withTable(TEXT, "mcp_servers.cod", undefined)).toBe(TEXT);
});

test("what another program has lost is seen", () => {
  expect(lostLines(TEXT, TEXT.replace(" # keep", ""), "mcp_servers.codex")).toEqual(["[mcp_servers.other] # keep"]);
  expect(lostLines(TEXT, OTHERS, "mcp_servers.codex")).toEqual([]);
});

import type { EntryShape, FileFormat } from "./client.ts";

const STANDARD: EntryShape = { command: "command", args: "args", env: "env", more: {} };

/** Shape of opencode and the clients that were derived from it. */
const COMMAND_LIST: EntryShape = {
  command: "command",
  args: undefined,
  env: "environment",
  more: { type: "local", enabled: true },
};

const GOOSE: EntryShape = {
  command: "cmd",
  args: "args",
  env: "envs",
  name: "name",
  hasEmptyFields: true,
  more: { description: "", enabled: true, type: "stdio", timeout: 300 },
};

/** Format of most clients: `mcpServers` in a JSON file. */
export const MCP_SERVERS: FileFormat = { language: "json", key: "mcpServers", shape: STANDARD };

/** Formats of the other clients. */
export const FORMATS = {
  vscode: { language: "json", key: "servers", shape: { ...STANDARD, more: { type: "stdio" } } },
  codex: { language: "toml", key: "mcp_servers", shape: STANDARD },
  opencode: { language: "json", key: "mcp", shape: COMMAND_LIST },
  copilot: {
    language: "json",
    key: "mcpServers",
    shape: { ...STANDARD, hasEmptyFields: true, more: { type: "stdio", tools: ["*"] } },
  },
  cline: { language: "json", key: "mcpServers", shape: { ...STANDARD, more: { disabled: false } } },
  kimi: { language: "json", key: "mcpServers", shape: { ...STANDARD, more: { transport: "stdio" } } },
  zed: {
    language: "json",
    key: "context_servers",
    shape: { ...STANDARD, hasEmptyFields: true, more: { source: "custom" } },
  },
  goose: { language: "yaml", key: "extensions", shape: GOOSE },
} as const satisfies Record<string, FileFormat>;

import { VERSION } from "#base/build.ts";

/** Who this server says that it is. */
export const SERVER_INFO = { name: "codex-mcp-server", title: "Codex tasks", version: VERSION } as const;

/** What every client is told that it can do. */
export const CAPABILITIES = { tools: {}, resources: { subscribe: true }, prompts: {}, completions: {} } as const;

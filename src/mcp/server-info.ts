import { VERSION } from "#base/build.ts";

/** Name and version with which this server identifies itself. */
export const SERVER_INFO = { name: "codex-mcp-server", title: "Codex tasks", version: VERSION } as const;

/** Capabilities that the server announces to every client. */
export const CAPABILITIES = { tools: {}, resources: { subscribe: true }, prompts: {}, completions: {} } as const;

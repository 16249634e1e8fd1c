import { isObject } from "#mcp/protocol/envelope.ts";
import type { ToolListing } from "#mcp/define-tool.ts";

/** Name of the extension (MCP Apps) with which a client shows pages of servers in its chat. */
export const UI_EXTENSION = "io.modelcontextprotocol/ui";

/** Type of such pages. */
export const VIEW_TYPE = "text/html;profile=mcp-app";

/** Page that shows a task in the chat. */
export const VIEW_URI = "ui://codex-mcp-server/task";

/**
 * Tools whose answers are shown with the page: those that start a task, or with which the user looks at one. A task that is waited for, or is
 * sent a message, has a page in the chat already.
 */
const SHOWN_TOOLS: ReadonlySet<string> = new Set([
  "codex",
  "codex_dispatch",
  "codex_review",
  "codex_status",
  "codex_diff",
]);

/** Entry of a tool in `tools/list` for a client that shows pages. */
export interface ShownToolListing extends ToolListing {
  _meta?: { ui: { resourceUri?: string; visibility?: ("model" | "app")[] } };
}

/** Returns whether a client's extensions include pages of the type that this server has. */
export function takesViews(extensions: unknown): boolean {
  const settings = isObject(extensions) ? extensions[UI_EXTENSION] : undefined;
  const types = isObject(settings) ? settings["mimeTypes"] : undefined;
  return Array.isArray(types) && types.includes(VIEW_TYPE);
}

/** Returns the entry of a tool with the page that shows its answers, if it has one. */
export function withView(tool: ToolListing): ShownToolListing {
  return SHOWN_TOOLS.has(tool.name) ? { ...tool, _meta: { ui: { resourceUri: VIEW_URI } } } : tool;
}

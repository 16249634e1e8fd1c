import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { callTool } from "#mcp/call-tool.ts";
import { callerOf } from "#mcp/caller.ts";
import { limitsOf } from "#mcp/answers/client-limits.ts";
import { onRequest } from "#mcp/protocol/on-request.ts";
import { progressOf } from "#mcp/answers/progress.ts";
import type { Session } from "#mcp/session.ts";
import { userCancel } from "#mcp/answers/user-cancel.ts";
import { ALL_TOOLS } from "./all-tools.ts";

/** Lists the tools and answers their calls. */
export function registerTools(server: Server, session: Session): void {
  onRequest(server, ListToolsRequestSchema, () => ({ tools: ALL_TOOLS.map((tool) => tool.describe()) }));
  onRequest(server, CallToolRequestSchema, (params, extra) => {
    const caller = callerOf(server, extra);
    const call = {
      open: session.open,
      stopped: userCancel(extra.signal, session.leaving),
      abandoned: extra.signal,
      limits: () => limitsOf(session.open().config, caller.name),
      takesTasks: caller.takesTasks,
      reportProgress: progressOf(params, extra),
    };
    return session.note(callTool(params.name, params.arguments, call));
  });
}

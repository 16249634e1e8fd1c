import { startLogging } from "#base/log.ts";
import { serveStdio } from "#mcp/serve-stdio.ts";

/** The MCP server. It runs until its client goes. */
export async function serve(): Promise<undefined> {
  startLogging(process.env["CODEXMCP_LOG_LEVEL"]);
  await serveStdio();
}

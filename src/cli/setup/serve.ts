import { startLogging } from "#base/log.ts";
import { serveStdio } from "#mcp/server.ts";

/** Starts the MCP server, which runs until its client disconnects. */
export async function serve(): Promise<undefined> {
  startLogging(process.env["CODEXMCP_LOG_LEVEL"]);
  await serveStdio();
}

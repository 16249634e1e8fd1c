import { AppError } from "#lib/errors.ts";
import { startLogging } from "#lib/log.ts";
import { serveStdio } from "#mcp/server.ts";

/** The MCP server. It runs until its client goes. */
export async function serve(args: readonly string[]): Promise<undefined> {
  if (args.length > 0) {
    throw new AppError(
      "invalid_argument",
      `serve takes no arguments (${args.join(" ")}).`,
      "Settings are environment variables.",
    );
  }
  startLogging(process.env["CODEXMCP_LOG_LEVEL"]);
  await serveStdio();
}

import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { logger } from "#lib/log.ts";
import { describeFault } from "./call-tool.ts";
import { BothEras } from "./eras/both-eras.ts";
import { makeServer } from "./server.ts";
import { Session } from "./session.ts";

/** Serves MCP on stdin and stdout until the client goes; tasks go on without it. */
export async function serveStdio(): Promise<void> {
  const session = new Session();
  const leave = async () => {
    if (session.leaving.aborted) return;
    await session.leave();
    process.exit(0);
  };
  // The SDK's transport does not notice that its client is gone.
  process.stdin.on("end", leave).on("close", leave);
  process.stdout.on("error", leave);
  process.on("SIGTERM", leave).on("SIGINT", leave).on("SIGHUP", leave);
  // A fault in one call's file events must not end the others.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => logger("mcp").error`${event}: ${describeFault(error)}`);
  }
  const transport = new BothEras(new StdioServerTransport());
  transport.onclose = () => void leave();
  await makeServer(session).connect(transport);
}

import { logger } from "#base/log.ts";
import { describeFault } from "./call-tool.ts";
import { DualProtocolTransport } from "#mcp/protocol/dual-protocol-transport.ts";
import { makeServer } from "./server.ts";
import { Session } from "./session.ts";
import { StdioTransport } from "#mcp/protocol/stdio-transport.ts";

/** Time in which messages that arrived before the client disconnected are handled, in milliseconds. */
const DRAIN_MS = 200;

/** Serves MCP on stdin and stdout until the client disconnects; tasks continue without it. */
export async function serveStdio(): Promise<void> {
  const session = new Session();
  const stdio = new StdioTransport();
  const leave = async () => {
    if (session.leaving.aborted) return;
    await Promise.race([stdio.drained(), Bun.sleep(DRAIN_MS)]);
    await session.leave();
    process.exit(0);
  };
  // The SDK's transport does not notice that its client is gone.
  process.stdin.on("end", leave).on("close", leave);
  process.stdout.on("error", leave);
  process.on("SIGTERM", leave).on("SIGINT", leave).on("SIGHUP", leave);
  // A fault in the file events of one call must not end the others.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => logger("mcp").error`${event}: ${describeFault(error)}`);
  }
  const transport = new DualProtocolTransport(stdio);
  transport.onclose = () => void leave();
  await makeServer(session).connect(transport);
}

import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { logger } from "#base/log.ts";
import { ChangeWatch } from "./change-watch.ts";
import { registerDiscovery } from "#mcp/protocol/discover.ts";
import { registerListening } from "#mcp/protocol/listen.ts";
import { EndMessages } from "#mcp/ends/watch-ends.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { registerPrompts } from "#mcp/prompts/register-prompts.ts";
import { registerResources } from "#mcp/resources/task-resources.ts";
import { CAPABILITIES, SERVER_INFO } from "#mcp/protocol/modern-protocol.ts";
import { Session } from "./session.ts";
import { registerTaskExtension } from "./task-extension.ts";
import { describeFault, registerTools } from "#mcp/tools/register-tools.ts";
import { DualProtocolTransport } from "#mcp/protocol/dual-protocol-transport.ts";
import { StdioTransport } from "#mcp/protocol/stdio-transport.ts";

/** Creates the server for one client, with its tools, resources and prompts registered in the SDK. */
function makeServer(session: Session): Server {
  const server = new Server(SERVER_INFO, {
    capabilities: CAPABILITIES,
    instructions: INSTRUCTIONS,
    jsonSchemaValidator: NO_VALIDATOR,
  });
  const watch = new ChangeWatch();
  registerTools(server, session, new EndMessages(server, watch));
  registerPrompts(server, session);
  registerResources(server, session, watch);
  registerDiscovery(server);
  registerListening(server, session, watch);
  registerTaskExtension(server, session);
  // A response that comes too late may have the user's answers, which may be secret.
  server.onerror = ({ message }) => logger("mcp").warn`${message.replace(/(unknown message ID): .*/s, "$1")}`;
  return server;
}

/** Replacement for ajv, which costs start-up time. The SDK validates answers to elicitations with it; this server sends none. */
const NO_VALIDATOR = {
  getValidator: () => {
    throw new Error("This server sends no elicitations.");
  },
};

/** Time in which messages that arrived before the client disconnected are handled, in milliseconds. */
const DRAIN_MS = 200;

/** Serves MCP on stdin and stdout until the client disconnects; tasks continue without it. */
export async function serveStdio(): Promise<void> {
  const session = new Session();
  const stdio = new StdioTransport();
  const leave = async () => {
    if (session.leaving.aborted) return;
    await Promise.race([stdio.drained(), Bun.sleep(DRAIN_MS)]);
    await session.close();
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

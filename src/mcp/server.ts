import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { logger } from "#base/log.ts";
import { ChangeWatch } from "./change-watch.ts";
import { registerDiscovery } from "#mcp/protocol/discover.ts";
import { registerListening } from "#mcp/protocol/listen.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { registerPrompts } from "#mcp/prompts/register-prompts.ts";
import { registerResources } from "#mcp/resources/register-resources.ts";
import { CAPABILITIES, SERVER_INFO } from "./server-info.ts";
import type { Session } from "./session.ts";
import { registerTaskExtension } from "#mcp/task-extension/register-task-extension.ts";
import { registerTools } from "#mcp/tools/register-tools.ts";

/** Creates the server for one client, with its tools, resources and prompts registered in the SDK. */
export function makeServer(session: Session): Server {
  const server = new Server(SERVER_INFO, {
    capabilities: CAPABILITIES,
    instructions: INSTRUCTIONS,
    jsonSchemaValidator: NO_VALIDATOR,
  });
  const watch = new ChangeWatch();
  registerTools(server, session);
  registerPrompts(server, session);
  registerResources(server, session, watch);
  registerDiscovery(server);
  registerListening(server, session, watch);
  registerTaskExtension(server, session);
  server.onerror = (error) => logger("mcp").warn`${error.message}`;
  return server;
}

/** Replacement for ajv, which costs start-up time. The SDK validates answers to its own requests with it; this server sends none. */
const NO_VALIDATOR = {
  getValidator: () => {
    throw new Error("this server asks its client nothing");
  },
};

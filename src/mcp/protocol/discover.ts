import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { z } from "zod";
import { INSTRUCTIONS } from "#mcp/instructions.ts";
import { onRequest } from "./on-request.ts";
import { CAPABILITIES, modernMethod } from "./modern-protocol.ts";
import { MODERN_VERSION, TASKS_EXTENSION } from "./envelope.ts";

const DiscoverRequestSchema = z.object({ method: z.literal(modernMethod("server/discover")) });

/** Gives modern clients the facts that older ones get in the handshake. */
export function registerDiscovery(server: Server): void {
  onRequest(server, DiscoverRequestSchema, () => ({
    supportedVersions: [MODERN_VERSION],
    capabilities: { ...CAPABILITIES, extensions: { [TASKS_EXTENSION]: {} } },
    instructions: INSTRUCTIONS,
  }));
}

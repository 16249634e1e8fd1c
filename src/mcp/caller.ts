import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { isObject, META, TASKS_EXTENSION } from "#mcp/protocol/envelope.ts";
import type { Extra } from "#mcp/protocol/on-request.ts";
import { RPC_CODES, RpcError } from "#mcp/protocol/rpc-error.ts";

/** Who sent a request. */
export interface Caller {
  /** The client's name for itself. */
  name: string | undefined;
  /** Whether a tool's call may be answered with a task that the client then asks for. */
  takesTasks: boolean;
}

/** Who sent a request: what its envelope says, else what the client said when it shook hands. */
export function callerOf(server: Server, { _meta: meta }: Pick<Extra, "_meta">): Caller {
  const [info, capabilities] = [meta?.[META.clientInfo], meta?.[META.clientCapabilities]];
  const extensions = isObject(capabilities) ? capabilities["extensions"] : undefined;
  return {
    name: isObject(info) ? String(info["name"]) : server.getClientVersion()?.name,
    takesTasks: isObject(extensions) && isObject(extensions[TASKS_EXTENSION]),
  };
}

/** @throws RpcError where a client asks for tasks that has not said that it takes them */
export function requireTasks({ takesTasks }: Caller): void {
  if (takesTasks) return;
  const requiredCapabilities = { extensions: { [TASKS_EXTENSION]: {} } };
  throw new RpcError(RPC_CODES.missingClientCapability, "Missing required client capability", { requiredCapabilities });
}

import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { isModern, isObject, META, TASKS_EXTENSION } from "#mcp/protocol/envelope.ts";
import type { Extra } from "#mcp/protocol/on-request.ts";
import { takesViews } from "#mcp/app/ui-extension.ts";
import { RPC_CODES, RpcError } from "#mcp/protocol/rpc-error.ts";

/** Client that sent a request. */
export interface Caller {
  /** Name that the client gives itself. */
  name: string | undefined;
  /** Whether a tool call may be answered with a task, for which the client then polls. */
  takesTasks: boolean;
  /** Whether it shows pages of servers in its chat. */
  showsViews: boolean;
  /** Whether its user can be asked with a form: by a request, or by a result that requires input; undefined if not. */
  asksBy: "request" | "result" | undefined;
}

/** Returns the sender of a request: from the request's envelope, else from the client's handshake. */
export function callerOf(server: Server, { _meta: meta }: Pick<Extra, "_meta">): Caller {
  const [info, capabilities] = [meta?.[META.clientInfo], meta?.[META.clientCapabilities]];
  const extensions = isObject(capabilities) ? capabilities["extensions"] : undefined;
  const isByEnvelope = isModern({ _meta: meta });
  return {
    name: isObject(info) ? String(info["name"]) : server.getClientVersion()?.name,
    takesTasks: isObject(extensions) && isObject(extensions[TASKS_EXTENSION]),
    showsViews: takesViews(isByEnvelope ? extensions : server.getClientCapabilities()?.extensions),
    asksBy: isByEnvelope
      ? takesForms(isObject(capabilities) ? capabilities["elicitation"] : undefined)
        ? "result"
        : undefined
      : takesForms(server.getClientCapabilities()?.elicitation)
        ? "request"
        : undefined,
  };
}

/** Returns whether a client's capability covers forms, as it does if it names no mode. */
function takesForms(elicitation: unknown): boolean {
  return isObject(elicitation) && (isObject(elicitation["form"]) || !("url" in elicitation));
}

/**
 * Checks that a client that asks for tasks has declared that it accepts them.
 * @throws RpcError if it has not
 */
export function requireTasksExtension({ takesTasks }: Caller): void {
  if (takesTasks) return;
  const requiredCapabilities = { extensions: { [TASKS_EXTENSION]: {} } };
  throw new RpcError(RPC_CODES.missingClientCapability, "Missing required client capability", { requiredCapabilities });
}

import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { Protocol, type RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type {
  Notification,
  Request,
  Result,
  ServerNotification,
  ServerRequest,
  ServerResult,
} from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { describeIssue } from "#mcp/argument-faults.ts";
import { RPC_CODES, RpcError, toRpcError } from "./rpc-error.ts";

/** Context of a request that the SDK passes to a handler. */
export type Extra = RequestHandlerExtra<ServerRequest | Request, ServerNotification | Notification>;

/** Schema of a request: the SDK's, or one of the same structure. */
type RequestSchema = z.ZodObject<{ method: z.ZodLiteral<string>; params?: z.ZodType }>;

/**
 * Handles a method's requests. An invalid request, or a failure, becomes a protocol error in plain words. The SDK would
 * answer with zod's own text and the code of an internal error.
 */
export function onRequest<Schema extends RequestSchema>(
  server: Server,
  schema: Schema,
  handle: (params: z.output<Schema>["params"], extra: Extra) => Result | Promise<Result>,
): void {
  const anyParams = z.looseObject({ method: schema.shape.method });
  // Not the server's own method, which checks calls of tools with a schema of its own.
  Protocol.prototype.setRequestHandler.call(
    server,
    anyParams,
    async (request, extra): Promise<ServerResult | Result> => {
      const parsed = schema.safeParse(request);
      if (!parsed.success) throw badParams(parsed.error, request);
      try {
        return await handle(parsed.data.params, extra);
      } catch (error) {
        throw toRpcError(error);
      }
    },
  );
}

function badParams({ issues }: z.ZodError, request: Record<string, unknown>): RpcError {
  const faults = issues.slice(0, 5).map((issue) => describeIssue(issue, request));
  return new RpcError(RPC_CODES.invalidParams, `The request has wrong parameters: ${faults.join("; ")}.`);
}

import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type {
  Notification,
  Request,
  Result,
  ServerNotification,
  ServerRequest,
  ServerResult,
} from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { RPC_CODES, RpcError, toRpcError } from "./rpc-error.ts";

/** What the SDK tells of a request beside its content. */
export type Extra = RequestHandlerExtra<ServerRequest | Request, ServerNotification | Notification>;

/** A request's schema, the SDK's or one of the same make. */
type RequestSchema = z.ZodObject<{ method: z.ZodLiteral<string>; params?: z.ZodType }>;

/**
 * Answers a method's requests. A request that is not as it should be, or a failure, becomes a protocol error
 * in plain words; the SDK would answer with zod's own text and the code of an internal fault.
 */
export function onRequest<Schema extends RequestSchema>(
  server: Server,
  schema: Schema,
  handle: (params: z.output<Schema>["params"], extra: Extra) => Result | Promise<Result>,
): void {
  const anyParams = z.looseObject({ method: schema.shape.method });
  server.setRequestHandler(anyParams, async (request, extra): Promise<ServerResult | Result> => {
    const parsed = schema.safeParse(request);
    if (!parsed.success) throw badParams(parsed.error);
    try {
      return await handle(parsed.data.params, extra);
    } catch (error) {
      throw toRpcError(error);
    }
  });
}

function badParams({ issues }: z.ZodError): RpcError {
  const faults = issues.slice(0, 5).map(({ path, message }) => `${path.join(".")}: ${message}`.slice(0, 300));
  return new RpcError(RPC_CODES.invalidParams, `The request has wrong parameters: ${faults.join("; ")}.`);
}

import type { JSONRPCErrorResponse, JSONRPCResultResponse, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { RPC_CODES } from "./rpc-error.ts";
import { SERVER_INFO } from "#mcp/server-info.ts";
import { META } from "./envelope.ts";

/** Time in which a client may reuse a result, in milliseconds: the contents of the binary do not change while it runs. */
const TTL_MS: Record<string, number> = {
  "server/discover": 3_600_000,
  "tools/list": 3_600_000,
  "prompts/list": 3_600_000,
  "resources/templates/list": 3_600_000,
  "resources/list": 0,
  "resources/read": 0,
};

type Response = JSONRPCResultResponse | JSONRPCErrorResponse;

/** Converts a response of the SDK's server to the modern revision. */
export function toModernResponse({ method, id }: { method: string; id: RequestId }, response: Response): Response {
  if ("error" in response) {
    const { code } = response.error;
    const isNotFound = code === RPC_CODES.resourceNotFound;
    return isNotFound ? { ...response, error: { ...response.error, code: RPC_CODES.invalidParams } } : response;
  }
  const { content, ...rest } = response.result;
  // The SDK adds an empty content list to results without one, but a task has no content.
  const isTask = rest["resultType"] === "task";
  const ttlMs = TTL_MS[method];
  const result = {
    resultType: "complete",
    ...rest,
    ...(content !== undefined && !isTask && { content }),
    ...(ttlMs !== undefined && { ttlMs, cacheScope: "private" }),
    _meta: {
      ...rest._meta,
      ...(method === "subscriptions/listen" && { [META.subscriptionId]: id }),
      [META.serverInfo]: SERVER_INFO,
    },
  };
  return { ...response, result };
}

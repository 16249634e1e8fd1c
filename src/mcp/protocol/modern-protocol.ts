import type { JSONRPCErrorResponse, JSONRPCResultResponse, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { RPC_CODES } from "./rpc-error.ts";
import { META } from "./envelope.ts";
import { VERSION } from "#base/build.ts";

/**
 * Prefix of the handler names of methods that only modern requests have. With the plain method name, requests of older
 * clients would find the handlers, too.
 */
const PREFIX = "modern:";

const MODERN_ONLY: ReadonlySet<string> = new Set([
  "server/discover",
  "subscriptions/listen",
  "tasks/get",
  "tasks/update",
  "tasks/cancel",
]);

const LEGACY_ONLY: ReadonlySet<string> = new Set([
  "initialize",
  "ping",
  "logging/setLevel",
  "resources/subscribe",
  "resources/unsubscribe",
]);

/** Returns the name under which a modern method's handler is registered. */
export function modernMethod<Name extends string>(name: Name): `modern:${Name}` {
  return `${PREFIX}${name}`;
}

/** Returns the name of a request's handler in a server that supports old and modern clients. */
export function handlerNameOf(method: string, era: "modern" | "legacy"): string {
  if (era === "modern") return MODERN_ONLY.has(method) || LEGACY_ONLY.has(method) ? `${PREFIX}${method}` : method;
  return method.startsWith(PREFIX) ? `legacy:${method}` : method;
}

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
  // The SDK adds an empty content list to results without one, but a task or a question has no content.
  const isTask = rest["resultType"] === "task" || rest["resultType"] === "input_required";
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

/** Name and version with which this server identifies itself. */
export const SERVER_INFO = { name: "codex-mcp-server", title: "Codex tasks", version: VERSION } as const;

/** Capabilities that the server announces to every client. */
export const CAPABILITIES = {
  tools: {},
  resources: { subscribe: true },
  prompts: {},
  completions: {},
  logging: {},
} as const;

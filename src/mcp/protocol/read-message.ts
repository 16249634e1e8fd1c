import { type JSONRPCMessage, JSONRPCMessageSchema, type RequestId } from "@modelcontextprotocol/sdk/types.js";
import { isObject } from "./envelope.ts";
import { RPC_CODES } from "./rpc-error.ts";

/** Error response to something that is not a message of the protocol. Its id is null if none can be read. */
export interface Refusal {
  jsonrpc: "2.0";
  id: RequestId | null;
  error: { code: number; message: string };
}

/**
 * Reads a message as clients really send it: a parameter that is `null` counts as left out.
 * @returns the response to send if it is not a message, so that every request is answered; undefined if it needs no response
 */
export function readMessage(json: unknown): { message: JSONRPCMessage } | { refusal: Refusal | undefined } {
  const parsed = JSONRPCMessageSchema.safeParse(withoutNulls(json));
  if (parsed.success) return { message: parsed.data };
  if (!isObject(json)) return { refusal: refusal(null, "A message is an object.") };
  // A faulty response, or a notification, has no answer.
  if (!("method" in json) || !("id" in json)) return { refusal: undefined };
  const { id, method, params } = json;
  const fault =
    typeof method !== "string"
      ? "method is not a text"
      : params !== undefined && params !== null && !isObject(params)
        ? "params is not an object"
        : typeof id !== "string" && !Number.isSafeInteger(id)
          ? "id is neither a text nor a whole number"
          : 'jsonrpc is not "2.0"';
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the id as the client sent it, so that it finds its request
  return { refusal: refusal(id as RequestId | null, `The request is not valid: ${fault}.`) };
}

/** Returns the response to a line that is not JSON. */
export function notJson(): Refusal {
  return { jsonrpc: "2.0", id: null, error: { code: RPC_CODES.parseError, message: "The message is not JSON." } };
}

/** Returns the response to a batch without messages. */
export function emptyBatch(): Refusal {
  return refusal(null, "The batch is empty.");
}

/** Returns the response to a message in a batch that the protocol's revision does not have. */
export function noBatch(json: unknown, version: string | undefined): Refusal | undefined {
  if (!isObject(json) || !("id" in json) || !("method" in json)) return undefined;
  const revision = version === undefined ? "Before initialize there are" : `MCP ${version} has`;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the id as the client sent it
  return refusal(json["id"] as RequestId | null, `${revision} no batches: send each message alone.`);
}

function refusal(id: RequestId | null, message: string): Refusal {
  return { jsonrpc: "2.0", id, error: { code: RPC_CODES.invalidRequest, message } };
}

function withoutNulls(json: unknown): unknown {
  if (!isObject(json)) return json;
  const { params, ...rest } = json;
  if (params === null || params === undefined) return rest;
  if (!isObject(params)) return json;
  return { ...rest, params: Object.fromEntries(Object.entries(params).filter(([, value]) => value !== null)) };
}

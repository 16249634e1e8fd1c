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
 * Reads a message as clients really send it: a parameter that is `null` counts as left out, and keys that JSON-RPC does not have are ignored.
 * @returns the response to send if it is not a message, so that every request is answered; undefined if it needs no response
 */
export function readMessage(json: unknown): { message: JSONRPCMessage } | { refusal: Refusal | undefined } {
  const parsed = JSONRPCMessageSchema.safeParse(tidyMessage(json));
  if (parsed.success) return { message: parsed.data };
  if (!isObject(json)) return { refusal: refusal(null, "A message is an object.") };
  // A faulty response, or a notification, has no answer.
  if (!("id" in json) || (!("method" in json) && ("result" in json || "error" in json))) return { refusal: undefined };
  const { id, method, params } = json;
  const fault =
    typeof method !== "string"
      ? "method is not a text"
      : params !== undefined && params !== null && !isObject(params)
        ? "params is not an object"
        : typeof id !== "string" && !Number.isSafeInteger(id)
          ? "id is neither a text nor a whole number"
          : json["jsonrpc"] !== "2.0"
            ? 'jsonrpc is not "2.0"'
            : "params._meta has a value of the wrong kind";
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the id as the client sent it, so that it finds its request
  return { refusal: refusal(id as RequestId | null, `The request is not valid: ${fault}.`) };
}

/** Returns the response to a line that is not JSON. @param id that could be read nevertheless */
export function notJson(id: RequestId | undefined): Refusal {
  return { jsonrpc: "2.0", id: id ?? null, error: { code: RPC_CODES.parseError, message: "The message is not JSON." } };
}

/** Returns the response to a batch without messages. */
export function emptyBatch(): Refusal {
  return refusal(null, "The batch is empty.");
}

/**
 * Returns the response to a message in a batch that the protocol's revision does not have; undefined if it has no id.
 * @param json undefined for the batch as a whole
 */
export function noBatch(json: unknown, version: string | undefined): Refusal | undefined {
  const revision = version === undefined ? "Before initialize there are" : `MCP ${version} has`;
  const message = `${revision} no batches: send each message alone.`;
  if (json === undefined) return refusal(null, message);
  if (!isObject(json) || !("id" in json)) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the id as the client sent it
  return refusal(json["id"] as RequestId | null, message);
}

function refusal(id: RequestId | null, message: string): Refusal {
  return { jsonrpc: "2.0", id, error: { code: RPC_CODES.invalidRequest, message } };
}

/** Keys of JSON-RPC's requests and notifications, and of its responses. */
const CALL_KEYS = ["jsonrpc", "id", "method", "params"];
const RESPONSE_KEYS = ["jsonrpc", "id", "result", "error"];

function tidyMessage(json: unknown): unknown {
  if (!isObject(json)) return json;
  const keys = "method" in json ? CALL_KEYS : RESPONSE_KEYS;
  const kept = keys.filter((key) => Object.hasOwn(json, key) && (key === "id" || json[key] !== null));
  const message = Object.fromEntries(kept.map((key) => [key, json[key]]));
  const { params, result } = message;
  if (isObject(result)) return { ...message, result: withoutNulls(result) };
  if (!isObject(params)) return message;
  // What null means in the arguments of a tool is for the tool to say.
  const { arguments: args, ...others } = params;
  const tidy = withoutNulls(others);
  const given = json["method"] === "tools/call" ? args : withoutNulls(args);
  return { ...message, params: given === undefined || given === null ? tidy : { ...tidy, arguments: given } };
}

/** Returns a JSON value whose objects have no members that are null. The transport has limited its depth. */
function withoutNulls<Value>(value: Value): Value;
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(members.map(([key, each]) => [key, withoutNulls(each)]));
}

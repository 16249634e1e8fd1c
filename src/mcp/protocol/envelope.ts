import { RPC_CODES } from "./rpc-error.ts";

/** Protocol revision without a handshake, in which each request identifies the sender and its capabilities. */
export const MODERN_VERSION = "2026-07-28";

const NAMESPACE = "io.modelcontextprotocol/";

/** Keys in the `_meta` of that revision's messages. */
export const META = {
  version: `${NAMESPACE}protocolVersion`,
  clientInfo: `${NAMESPACE}clientInfo`,
  clientCapabilities: `${NAMESPACE}clientCapabilities`,
  logLevel: `${NAMESPACE}logLevel`,
  serverInfo: `${NAMESPACE}serverInfo`,
  subscriptionId: `${NAMESPACE}subscriptionId`,
} as const;

/** Name of the extension with which a tool call can be answered with a task. */
export const TASKS_EXTENSION = `${NAMESPACE}tasks`;

const LOG_LEVELS = new Set(["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]);

/** Parameters of a message, unchecked. */
export interface Params {
  [name: string]: unknown;
  _meta?: Record<string, unknown> | undefined;
}

/** Content of a protocol error. */
export interface Fault {
  code: number;
  message: string;
  data?: object;
}

/** Checks whether a request uses {@link MODERN_VERSION} or later. */
export function isModern(params: Params | undefined): boolean {
  return isObject(params?._meta) && META.version in params._meta;
}

/** Returns the fault of a modern request's envelope; undefined if it is valid. */
export function findEnvelopeFault(meta: Record<string, unknown> = {}): Fault | undefined {
  const version = meta[META.version];
  if (typeof version !== "string") return badEnvelope(META.version, "must be a string");
  if (version !== MODERN_VERSION) {
    const data = { supported: [MODERN_VERSION], requested: version };
    return { code: RPC_CODES.unsupportedVersion, message: "Unsupported protocol version", data };
  }
  if (!isObject(meta[META.clientCapabilities])) return badEnvelope(META.clientCapabilities, "must be an object");
  const info = meta[META.clientInfo];
  if (info !== undefined && !(isObject(info) && typeof info["name"] === "string")) {
    return badEnvelope(META.clientInfo, "must be an object with a name");
  }
  const level = meta[META.logLevel];
  const isKnown = level === undefined || (typeof level === "string" && LOG_LEVELS.has(level));
  if (!isKnown) return badEnvelope(META.logLevel, "is not known");
  return undefined;
}

function badEnvelope(key: string, what: string): Fault {
  return { code: RPC_CODES.invalidParams, message: `_meta["${key}"] ${what}.` };
}

/** Checks whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

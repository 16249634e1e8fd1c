import { RPC_CODES } from "./rpc-error.ts";

/** The protocol revision whose requests each say who asks and what it can take; there is no handshake. */
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

/** The extension by which a tool's call can be answered with a task. */
export const TASKS_EXTENSION = `${NAMESPACE}tasks`;

const LOG_LEVELS = new Set(["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]);

/** A message's parameters, as they come. */
export interface Params {
  [name: string]: unknown;
  _meta?: Record<string, unknown> | undefined;
}

/** A protocol error's content. */
export interface Fault {
  code: number;
  message: string;
  data?: object;
}

/** Whether a request is one of {@link MODERN_VERSION} or later. */
export function isModern(params: Params | undefined): boolean {
  return isObject(params?._meta) && META.version in params._meta;
}

/** What is wrong with a modern request's envelope; undefined where nothing is. */
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

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

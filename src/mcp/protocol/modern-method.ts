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

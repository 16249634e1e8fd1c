/**
 * Under these names the server's handlers of methods that only modern requests have are found; under their
 * own, requests of older clients would find them too.
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

/** The name under which a modern method's handler is registered. */
export function modernMethod<Name extends string>(name: Name): `modern:${Name}` {
  return `${PREFIX}${name}`;
}

/** The name under which a request's handler is looked for, in a server that serves both eras. */
export function handlerNameOf(method: string, era: "modern" | "legacy"): string {
  if (era === "modern") return MODERN_ONLY.has(method) || LEGACY_ONLY.has(method) ? `${PREFIX}${method}` : method;
  return method.startsWith(PREFIX) ? `legacy:${method}` : method;
}

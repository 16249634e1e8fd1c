import type { Config } from "#base/config.ts";

/** Limits that a client sets for a call, as far as they are known. */
export interface ClientLimits {
  /** Time in which a call must be answered, in milliseconds: a little less than the client waits. */
  answerWithinMs: number;
  /** Largest answer, in bytes of JSON. */
  answerBytes: number;
}

/** Known limits of a client, with the name that it gives in `clientInfo`. */
interface KnownClient {
  name: RegExp;
  callSeconds: number;
  answerBytes: number;
}

const NO_LIMIT = Number.POSITIVE_INFINITY;

/** Limits measured with Claude Code 2.1 and Codex 0.169; Claude Desktop's limit is fixed. */
const KNOWN: readonly KnownClient[] = [
  // Waits for hours as long as it receives something every half hour; saves results over about 50 KB to a file.
  { name: /^claude-code/, callSeconds: NO_LIMIT, answerBytes: 40_000 },
  { name: /^codex/, callSeconds: 300, answerBytes: 10_000 },
  { name: /^claude-ai/, callSeconds: 60, answerBytes: 40_000 },
  { name: /^visual studio code/i, callSeconds: NO_LIMIT, answerBytes: 30_000 },
];

/** Limits of an unknown client: the default timeout of the SDKs. */
const UNKNOWN: Omit<KnownClient, "name"> = { callSeconds: 60, answerBytes: 30_000 };

/** Returns a client's limits: from the configuration, else from the client's own setting, else the known ones. */
export function limitsOf(config: Config, clientName: string | undefined): ClientLimits {
  const known = KNOWN.find(({ name }) => name.test(clientName ?? "")) ?? UNKNOWN;
  // Claude Code passes its own setting in the environment of the servers that it starts.
  const own = Number(config.environment["MCP_TOOL_TIMEOUT"] ?? 0) / 1000;
  const seconds =
    config.callLimitSeconds ?? (own > 0 && clientName?.startsWith("claude-code") ? own : known.callSeconds);
  return {
    answerWithinMs: seconds === 0 ? NO_LIMIT : withMargin(seconds * 1000),
    answerBytes: config.resultLimit === 0 ? NO_LIMIT : (config.resultLimit ?? known.answerBytes),
  };
}

/** Returns a time shortened by a sixth, but by at most 15 seconds. */
function withMargin(milliseconds: number): number {
  return milliseconds - Math.min(milliseconds / 6, 15_000);
}

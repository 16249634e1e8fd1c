import type { Config } from "#base/config.ts";

/** What a client allows a call, as far as it is known. */
export interface ClientLimits {
  /** How long a call may take before it is answered, in milliseconds: a little less than the client waits. */
  answerWithinMs: number;
  /** The largest answer, in bytes of JSON. */
  answerBytes: number;
}

/** What is known of a client: the names are those that it gives in `clientInfo`. */
interface KnownClient {
  name: RegExp;
  callSeconds: number;
  answerBytes: number;
}

const NO_LIMIT = Number.POSITIVE_INFINITY;

/** Measured with Claude Code 2.1, Codex 0.169; Claude Desktop's limit is fixed. */
const KNOWN: readonly KnownClient[] = [
  // Waits for hours, so long as it hears something every half hour; saves results over some 50 KB to a file.
  { name: /^claude-code/, callSeconds: NO_LIMIT, answerBytes: 40_000 },
  { name: /^codex/, callSeconds: 300, answerBytes: 10_000 },
  { name: /^claude-ai/, callSeconds: 60, answerBytes: 40_000 },
  { name: /^visual studio code/i, callSeconds: NO_LIMIT, answerBytes: 30_000 },
];

/** What the SDKs wait by themselves. */
const UNKNOWN: Omit<KnownClient, "name"> = { callSeconds: 60, answerBytes: 30_000 };

/** What a client allows: what the configuration says, else what it says itself, else what is known of it. */
export function limitsOf(config: Config, clientName: string | undefined): ClientLimits {
  const known = KNOWN.find(({ name }) => name.test(clientName ?? "")) ?? UNKNOWN;
  // Claude Code's own setting stands in the environment of the servers that it starts.
  const own = Number(config.environment["MCP_TOOL_TIMEOUT"] ?? 0) / 1000;
  const seconds =
    config.callLimitSeconds ?? (own > 0 && clientName?.startsWith("claude-code") ? own : known.callSeconds);
  return {
    answerWithinMs: seconds === 0 ? NO_LIMIT : withMargin(seconds * 1000),
    answerBytes: config.resultLimit === 0 ? NO_LIMIT : (config.resultLimit ?? known.answerBytes),
  };
}

/** A sixth earlier, but not more than a quarter of a minute. */
function withMargin(milliseconds: number): number {
  return milliseconds - Math.min(milliseconds / 6, 15_000);
}

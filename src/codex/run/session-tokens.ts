import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import { addUsage, laterUsage, subtractUsage, type Usage } from "#domain/usage.ts";
import { UsageSchema } from "./event.ts";
import { readSessionTail } from "./session-file.ts";

const timestamp = v.nullish(v.string(), "");

/** Line with the tokens of the session so far. Codex writes it when the commands of an answer have ended, before it asks the model again. */
const TotalSchema = v.object({
  timestamp,
  type: v.literal("event_msg"),
  payload: v.object({ type: v.literal("token_count"), info: v.object({ total_token_usage: UsageSchema }) }),
});

/** Line with the tokens of one answer (seen in 0.169). Codex writes it as soon as it has the answer. */
const AnswerSchema = v.object({
  timestamp,
  type: v.literal("token_usage_record"),
  payload: v.object({ thread_id: v.string(), usage: UsageSchema, thread_token_usage: UsageSchema }),
});

const LineSchema = v.variant("type", [TotalSchema, AnswerSchema]);

/** Tokens that a session had used at a time. */
export interface SessionTokens {
  usage: Usage;
  /** Total from which Codex continues to count if the session is resumed: without answers whose commands did not end. */
  total: Usage | undefined;
  /** Time in milliseconds since 1970; NaN if unknown. */
  at: number;
}

/**
 * Returns the tokens of a session after each of its last answers, oldest first, from Codex's own record of it. The record includes runs
 * that were not started by this server.
 * @param codexHomes folders to search for the record, in this order
 * @param since time in milliseconds since 1970 from which answers count that are in no total: those before are of an earlier run
 */
export function readSessionTokens(codexHomes: readonly string[], sessionId: string, since: number): SessionTokens[] {
  return readTokens(readSessionTail(codexHomes, sessionId), sessionId, since);
}

/** Returns the last total in the lines of a session's record: see {@link SessionTokens}; undefined if they have none. */
export function lastTotal(lines: readonly string[]): Usage | undefined {
  return readTokens(lines, "", Number.POSITIVE_INFINITY).at(-1)?.total;
}

function readTokens(lines: readonly string[], sessionId: string, since: number): SessionTokens[] {
  const tokens: SessionTokens[] = [];
  let total: Usage | undefined;
  let usage: Usage | undefined;
  for (const line of lines) {
    if (!line.includes('"token_count"') && !line.includes('"token_usage_record"')) continue;
    const counted = parseJsonAs(LineSchema, line);
    if (counted === undefined) continue;
    const at = Date.parse(counted.timestamp);
    if (counted.type === "event_msg") total = usage = counted.payload.info.total_token_usage;
    else {
      const { thread_id, usage: answer, thread_token_usage: all } = counted.payload;
      const isInTotal = total !== undefined && laterUsage(total, all) === total;
      if (thread_id !== sessionId || at < since || isInTotal) continue;
      usage = addUsage(usage ?? subtractUsage(all, answer), answer);
    }
    tokens.push({ usage, total, at });
  }
  return tokens;
}

/** Returns the total from which Codex continues to count if a session is resumed; undefined if its record has none. */
export function readSessionTotal(codexHomes: readonly string[], sessionId: string): Usage | undefined {
  return lastTotal(readSessionTail(codexHomes, sessionId));
}

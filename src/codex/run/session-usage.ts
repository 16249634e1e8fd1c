import * as v from "valibot";
import type { Usage } from "#domain/record.ts";
import { readSessionTail } from "./session-file.ts";

const count = v.nullish(v.number(), 0);

const TokenCountSchema = v.object({
  type: v.literal("event_msg"),
  payload: v.object({
    type: v.literal("token_count"),
    info: v.object({
      total_token_usage: v.object({
        input_tokens: count,
        cached_input_tokens: count,
        output_tokens: count,
        reasoning_output_tokens: count,
      }),
    }),
  }),
});

/**
 * Returns the tokens that a session has used so far, from Codex's own record of it; undefined if there is none. The record includes runs
 * that were not started by this server.
 * @param codexHomes folders to search for the record, in this order
 */
export function readSessionUsage(codexHomes: readonly string[], sessionId: string): Usage | undefined {
  for (const line of readSessionTail(codexHomes, sessionId).toReversed()) {
    if (!line.includes('"token_count"')) continue;
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), TokenCountSchema), line);
    if (parsed.success) return parsed.output.payload.info.total_token_usage;
  }
  return undefined;
}

import * as v from "valibot";
import { readLastLines } from "#lib/json-lines.ts";
import type { Usage } from "#task/record.ts";

const TAIL_BYTES = 256 * 1024;

const count = v.optional(v.number(), 0);

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
 * The tokens that a session has used so far, from Codex's own record of it
 * (`$CODEX_HOME/sessions/<year>/<month>/<day>/rollout-…-<id>.jsonl`, seen in 0.169); undefined where
 * there is none. It knows of runs that went past this server, too.
 */
export function readSessionUsage(codexHome: string, sessionId: string): Usage | undefined {
  try {
    const glob = new Bun.Glob(`sessions/*/*/*/rollout-*-${sessionId}.jsonl`);
    for (const path of glob.scanSync({ cwd: codexHome, absolute: true })) {
      const usage = lastTokenCount(readLastLines(path, TAIL_BYTES).lines);
      if (usage !== undefined) return usage;
    }
  } catch {
    // Not Codex's folder as we know it; the caller has another source.
  }
  return undefined;
}

function lastTokenCount(lines: string[]): Usage | undefined {
  for (const line of lines.toReversed()) {
    if (!line.includes('"token_count"')) continue;
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), TokenCountSchema), line);
    if (parsed.success) return parsed.output.payload.info.total_token_usage;
  }
  return undefined;
}

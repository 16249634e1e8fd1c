import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import { readSessionTail } from "#codex/run/session-file.ts";
import type { AccountLimits, LimitWindow } from "#domain/limits.ts";

const number = v.nullish(v.pipe(v.number(), v.finite()));

const WindowSchema = v.object({
  used_percent: v.pipe(v.number(), v.finite()),
  window_minutes: number,
  /** Seconds since 1970. */
  resets_at: number,
  /** Earlier versions of Codex count from the event. */
  resets_in_seconds: number,
});

const EventSchema = v.object({
  timestamp: v.string(),
  type: v.literal("event_msg"),
  payload: v.object({
    type: v.literal("token_count"),
    rate_limits: v.object({ primary: v.nullish(WindowSchema), secondary: v.nullish(WindowSchema) }),
  }),
});

/** Last time that has a name, in milliseconds since 1970. */
const LAST_TIME_MS = 8.64e15;

/**
 * Returns the limits of the account as Codex last reported them in its own record of a session (`token_count.rate_limits`, seen in 0.169,
 * where the record has them before the turn ends); undefined if it did not, as with an API key.
 * @param codexHomes folders to search for the record, in this order
 */
export function readSessionLimits(codexHomes: readonly string[], sessionId: string): AccountLimits | undefined {
  for (const line of readSessionTail(codexHomes, sessionId).toReversed()) {
    if (!line.includes('"token_count"') || !line.includes('"rate_limits"')) continue;
    const event = parseJsonAs(EventSchema, line);
    if (event === undefined) continue;
    const { timestamp, payload } = event;
    const at = Date.parse(timestamp);
    if (Number.isNaN(at)) continue;
    const primary = toWindow(payload.rate_limits.primary, at);
    const secondary = toWindow(payload.rate_limits.secondary, at);
    if (primary === undefined && secondary === undefined) return undefined;
    const windows = { ...(primary !== undefined && { primary }), ...(secondary !== undefined && { secondary }) };
    return { at: new Date(at).toISOString(), ...windows };
  }
  return undefined;
}

function toWindow(window: v.InferOutput<typeof WindowSchema> | null | undefined, at: number): LimitWindow | undefined {
  if (window === null || window === undefined) return undefined;
  const { used_percent, window_minutes, resets_at, resets_in_seconds } = window;
  const reset = (resets_at ?? (resets_in_seconds ?? Number.NaN) + at / 1000) * 1000;
  return {
    used_percent,
    ...(typeof window_minutes === "number" && { window_minutes }),
    ...(Math.abs(reset) <= LAST_TIME_MS && { resets_at: new Date(reset).toISOString() }),
  };
}

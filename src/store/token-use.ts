import type { Usage } from "#domain/usage.ts";
import { localDay } from "#platform/clock.ts";
import type { Store } from "./store.ts";

/** Run whose tokens are recorded. */
interface CountedRun {
  task_id: string;
  run: number;
  start_time: string;
}

const DAY_MS = 86_400_000;

const COUNTS = ["input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens"] as const;

/** Statement that records a run's tokens for a day without those that other days have. An older count, which another process records late, changes nothing. */
const RECORD = `
  INSERT INTO token_use (task_id, run, day, ${COUNTS.join(", ")})
  SELECT $task_id, $run, $day, ${COUNTS.map((name) => `max(0, $${name} - coalesce(sum(${name}), 0))`).join(", ")}
  FROM token_use WHERE day >= $first_day AND day <> $day AND task_id = $task_id AND run = $run
  ON CONFLICT (day, task_id, run) DO UPDATE SET ${COUNTS.map((name) => `${name} = max(${name}, excluded.${name})`).join(", ")}`;

/**
 * Records the tokens of a run so far. Those that it had used before the day count for the days on which they were recorded.
 * @param usage tokens of the run alone
 * @param day day of the local calendar
 */
export function recordTokenUse(
  { writable }: Pick<Store, "writable">,
  { task_id, run, start_time }: CountedRun,
  usage: Usage,
  day = localDay(),
): void {
  const counts = COUNTS.map((name): [string, number] => [name, toCount(usage[name])]);
  // A day before, because another process may have had another time zone.
  const first_day = localDay(new Date((Date.parse(start_time) || 0) - DAY_MS));
  writable
    .query<unknown, Record<string, string | number>[]>(RECORD)
    .run({ task_id, run, day, first_day, ...Object.fromEntries(counts) });
}

/** Returns a number of tokens as the index stores it. */
function toCount(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(0, Math.round(value)), Number.MAX_SAFE_INTEGER) : 0;
}

/** Returns the tokens that all tasks have used on a day of the local calendar: see `countTokens`. */
export function countTokensOfDay({ database }: Pick<Store, "database">, day = localDay()): number {
  const row = database
    .query<{ total: number }, [string]>(
      "SELECT total(max(0, input_tokens - cached_input_tokens) + output_tokens) AS total FROM token_use WHERE day = ?",
    )
    .get(day);
  return row?.total ?? 0;
}

/** Tokens of a run on one day. */
export interface TokensOfDay extends Usage {
  task_id: string;
  run: number;
  day: string;
}

/** Lists the tokens of runs by day, from a day of the local calendar on. Those of a task that was removed have an id of their own. */
export function listTokenUse({ database }: Pick<Store, "database">, firstDay: string): TokensOfDay[] {
  return database
    .query<TokensOfDay, [string]>(`SELECT task_id, run, day, ${COUNTS.join(", ")} FROM token_use WHERE day >= ?`)
    .all(firstDay);
}

/** Number of days for which tokens are kept. */
const KEPT_DAYS = 400;

/** Forgets the tokens of days that are long past. */
export function forgetOldTokenUse({ writable }: Pick<Store, "writable">, today = new Date()): void {
  writable.query("DELETE FROM token_use WHERE day < ?").run(localDay(new Date(today.getTime() - KEPT_DAYS * DAY_MS)));
}

/** Keeps the tokens of a task that is forgotten under a name of their own: a new task of the same id counts its runs from 1 again. */
export function detachTokenUse({ writable }: Pick<Store, "writable">, taskId: string): void {
  const name = `${taskId}@${crypto.randomUUID()}`;
  writable.query("UPDATE token_use SET task_id = ? WHERE task_id = ?").run(name, taskId);
}

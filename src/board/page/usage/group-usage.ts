import { nameFolders } from "#base/format-values.ts";
import type { UsageRow } from "#board/api/usage.ts";

/** Property of runs by which usage is grouped. */
export type GroupKey = "repository" | "model" | "outcome";

/** Sums over runs. */
export interface UsageSum {
  runs: number;
  completed: number;
  failed: number;
  cancelled: number;
  seconds: number;
  /** Input that was not cached, and output: see `countTokens` of the domain. */
  tokens: number;
  input: number;
  cached: number;
  output: number;
  reasoning: number;
}

/** Group of runs with its sums. */
export interface UsageGroup {
  key: string;
  name: string;
  sum: UsageSum;
}

/** Sums of which plots are made. */
export type Measure = "tokens" | "seconds";

/** Returns the sums over rows. */
export function sumUsage(rows: readonly UsageRow[]): UsageSum {
  const sum: UsageSum = {
    runs: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    seconds: 0,
    tokens: 0,
    input: 0,
    cached: 0,
    output: 0,
    reasoning: 0,
  };
  for (const row of rows) {
    sum.runs += row.runs;
    if (row.outcome === "completed" || row.outcome === "failed" || row.outcome === "cancelled") {
      sum[row.outcome] += row.runs;
    }
    sum.seconds += row.seconds;
    sum.tokens += Math.max(0, row.input_tokens - row.cached_input_tokens) + Math.max(0, row.output_tokens);
    sum.input += row.input_tokens;
    sum.cached += row.cached_input_tokens;
    sum.output += row.output_tokens;
    sum.reasoning += row.reasoning_output_tokens;
  }
  return sum;
}

/** Returns the part of the ended runs that completed; undefined if none ended. */
export function successRate({ completed, failed, cancelled }: UsageSum): number | undefined {
  const ended = completed + failed + cancelled;
  return ended === 0 ? undefined : completed / ended;
}

/** Returns the groups of rows, the one with the most tokens first. */
export function groupUsage(rows: readonly UsageRow[], by: GroupKey): UsageGroup[] {
  const groups = Map.groupBy(rows, (row) => row[by]);
  const names = by === "repository" ? nameFolders([...groups.keys()]) : new Map<string, string>();
  return [...groups]
    .map(([key, all]) => ({ key, name: names.get(key) ?? key, sum: sumUsage(all) }))
    .toSorted((a, b) => b.sum.tokens - a.sum.tokens || b.sum.seconds - a.sum.seconds || (a.name < b.name ? -1 : 1));
}

/** Series of a plot: the values of a group by day. */
export interface UsageSeries {
  key: string;
  name: string;
  /** Values, one for each day. */
  values: number[];
  total: number;
}

/** Values by day and group. */
export interface UsageByDay {
  days: string[];
  /** The first groups, then one for all others. */
  series: UsageSeries[];
}

/** Key of the series of all other groups. */
export const OTHER_GROUPS = "\0other";

/**
 * Returns the values of each day.
 * @param groups groups in the order of their series
 * @param count number of groups that have a series of their own
 */
export function usageByDay(
  rows: readonly UsageRow[],
  days: string[],
  measure: Measure,
  by: GroupKey,
  groups: readonly UsageGroup[],
  count: number,
): UsageByDay {
  const place = new Map(days.map((day, index) => [day, index]));
  // One group alone is shown under its name.
  const own = groups.length === count + 1 ? groups : groups.slice(0, count);
  const heads = own.map(({ key, name }) => ({ key, name }));
  if (groups.length > own.length) heads.push({ key: OTHER_GROUPS, name: `${groups.length - own.length} others` });
  const series = new Map(heads.map((head) => [head.key, { ...head, values: days.map(() => 0), total: 0 }]));
  for (const row of rows) {
    const each = series.get(row[by]) ?? series.get(OTHER_GROUPS);
    const at = place.get(row.day);
    if (each === undefined || at === undefined) continue;
    const value = sumUsage([row])[measure];
    each.values[at] = (each.values[at] ?? 0) + value;
    each.total += value;
  }
  return { days, series: [...series.values()] };
}

/** Largest number of days that are listed. */
const MAX_LISTED_DAYS = 400;

/** Returns the days of the calendar from one to another; none if they are no days. */
export function listDays(first: string, last: string): string[] {
  const days: string[] = [];
  const start = Date.parse(`${first}T00:00:00Z`);
  const count = (Date.parse(`${last}T00:00:00Z`) - start) / DAY_MS + 1;
  for (let index = 0; index < Math.min(count, MAX_LISTED_DAYS); index++) {
    days.push(new Date(start + index * DAY_MS).toISOString().slice(0, 10));
  }
  return days;
}

const DAY_MS = 86_400_000;

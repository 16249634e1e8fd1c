import { formatCount, formatDuration } from "#base/format-values.ts";
import { OUTCOME_STYLES } from "#board/page/history/outcome-style.ts";
import type { GroupKey, Measure } from "./group-usage.ts";
import { OTHER_GROUPS } from "./group-usage.ts";

/** Words and units of a measure. */
export interface MeasureFacts {
  title: string;
  /** Name of a column with the values. */
  column: string;
  format: (value: number) => string;
  /** Distances between the lines of a plot. */
  increments: number[];
}

const HOUR = 3600;

/** Measures that are plotted. */
export const MEASURES: Readonly<Record<Measure, MeasureFacts>> = {
  tokens: {
    title: "Tokens by day",
    column: "tokens",
    format: (value) => formatCount(Math.round(value)),
    increments: [1, 2, 5]
      .flatMap((first) => Array.from({ length: 13 }, (_, power) => first * 10 ** power))
      .toSorted((a, b) => a - b),
  },
  seconds: {
    title: "Time by day",
    column: "seconds",
    format: (value) => formatDuration(value),
    increments: [
      1,
      5,
      15,
      30,
      60,
      300,
      600,
      1800,
      ...[1, 2, 3, 6, 12, 24, 48, 120, 240, 480, 1200].map((hours) => hours * HOUR),
    ],
  },
};

/** Number of groups that have a colour of their own. */
export const COLOURS = 7;

const OUTCOME_COLOURS: Readonly<Record<string, string>> = {
  completed: "--outcome-completed",
  failed: "--outcome-failed",
  cancelled: "--outcome-cancelled",
  running: "--outcome-running",
  waiting: "--outcome-waiting",
  queued: "--outcome-queued",
};

/** Returns the variable of the style with the colour of a series. @param index its place among the groups by size */
export function colourOf(by: GroupKey, key: string, index: number): string {
  if (key === OTHER_GROUPS) return "--series-other";
  return (by === "outcome" ? OUTCOME_COLOURS[key] : undefined) ?? `--series-${(index % COLOURS) + 1}`;
}

/** Returns the name of a group for people. */
export function nameOfGroup(by: GroupKey, name: string): string {
  if (by !== "outcome") return name;
  return Object.hasOwn(OUTCOME_STYLES, name)
    ? (Object.entries(OUTCOME_STYLES).find(([key]) => key === name)?.[1].name ?? name)
    : name;
}

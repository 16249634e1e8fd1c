import type { ComparedEntry } from "#board/api/compare.ts";

/** Measures in which the smallest value is marked. */
export interface BestValues {
  tokens: number | undefined;
  seconds: number | undefined;
  lines: number | undefined;
}

/** Returns the smallest values of the tasks that were completed: one that has not succeeded is not the best in anything. */
export function findBest(tasks: readonly ComparedEntry[]): BestValues {
  const done = tasks.filter(isDone);
  const least = (of: (task: ComparedEntry) => number | undefined) => {
    const values = done.flatMap((task) => of(task) ?? []);
    return new Set(values).size > 1 ? Math.min(...values) : undefined;
  };
  return { tokens: least(({ tokens }) => tokens), seconds: least(secondsOf), lines: least(linesOf) };
}

/** Returns whether a task's value is the marked one. */
export function isBest(task: ComparedEntry, value: number | undefined, best: number | undefined): boolean {
  return value !== undefined && value === best && isDone(task);
}

/** Returns a task's time as it is shown: a smaller difference is none. */
export function secondsOf({ elapsed_seconds }: ComparedEntry): number {
  return Math.floor(elapsed_seconds);
}

/** Returns the number of lines that a task changed; undefined if it changed none, which is no merit. */
export function linesOf({ changes }: ComparedEntry): number | undefined {
  const lines = changes === undefined ? 0 : changes.insertions + changes.deletions;
  return lines === 0 ? undefined : lines;
}

function isDone({ status }: ComparedEntry): boolean {
  return status === "completed";
}

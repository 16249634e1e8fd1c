import { secondsBetween, secondsSince } from "#platform/clock.ts";
import { isEnded, type TaskRecord } from "./record.ts";

/** Returns the seconds from a task's start to its end, or to now if it has not ended. */
export function elapsedSeconds(record: TaskRecord): number {
  if (!isEnded(record)) return secondsSince(record.start_time, record.started_clock);
  return record.elapsed_seconds ?? secondsBetween(record.start_time, record.end_time);
}

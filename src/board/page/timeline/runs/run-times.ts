import { formatDuration, formatLocalTime } from "#base/format-values.ts";
import type { TimelineRun } from "#board/api/usage.ts";
import { OUTCOME_STYLES } from "#board/page/history/outcome-style.ts";

/** Times of a run in words. */
export interface RunTimes {
  queuedAt: string;
  /** Time in the queue; undefined if there was hardly any. */
  queued: string | undefined;
  /** Time from its start to its end, or to now; undefined if it has not started. */
  ran: string | undefined;
  endedAt: string | undefined;
}

/** Returns the times of a run in words. */
export function describeTimes({ queued_at, started_at, ended_at }: TimelineRun, now: number): RunTimes {
  const [from, start] = [Date.parse(queued_at), started_at === undefined ? undefined : Date.parse(started_at)];
  const end = ended_at === undefined ? now : Date.parse(ended_at);
  const queuedMs = (start ?? end) - from;
  return {
    queuedAt: formatLocalTime(new Date(from)),
    queued: queuedMs < 1000 ? undefined : formatDuration(queuedMs / 1000),
    ran: start === undefined ? undefined : formatDuration(Math.max(0, end - start) / 1000),
    endedAt: ended_at === undefined ? undefined : formatLocalTime(new Date(end)),
  };
}

/** Returns a run in one line, for those who cannot see its bar. */
export function describeRun(run: TimelineRun, now: number): string {
  const { queuedAt, queued, ran } = describeTimes(run, now);
  return [
    run.title,
    OUTCOME_STYLES[run.status].name.toLowerCase(),
    `requested ${queuedAt}`,
    ...(queued === undefined ? [] : [`queued for ${queued}`]),
    ...(ran === undefined ? [] : [`ran for ${ran}`]),
    ...(run.marks.length === 0
      ? []
      : [`${run.marks.length} ${run.marks.length === 1 ? "message or question" : "messages and questions"}`]),
  ].join(", ");
}

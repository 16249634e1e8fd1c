import { statSync } from "node:fs";
import { firstLine, shorten } from "#base/text.ts";
import { isEnded, openQuestions, type RunningTask, type TaskRecord } from "#domain/record.ts";
import { countTokens } from "#domain/usage.ts";
import { describeQuotaWaitOf } from "#domain/waiting.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { describeCheckOf } from "#tasks/check/check-progress.ts";
import type { AppContext } from "#tasks/context.ts";
import { describeElsewhere, describeUnresponsive } from "#tasks/end/task-life.ts";
import { describeProgress } from "#tasks/follow/read-progress.ts";
import { describeRunning } from "#tasks/follow/running-line.ts";
import { readRunUsage } from "#tasks/session-usage.ts";
import type { Card } from "#board/api/card.ts";

/** Facts about a task that change without its record, or that take more than the record to read. */
export type TaskFacts = Pick<
  Card,
  "host" | "last_event_at" | "activity" | "stalled" | "waits_for" | "tokens" | "check"
>;

interface CountedTokens {
  tokens: number | undefined;
}

/** Longest activity of a card, in characters. */
const MAX_ACTIVITY = 300;

/**
 * Reads the facts about a task. Of a running one, only the end of its log is read.
 * @param counted tokens that were just counted
 */
export function readTaskFacts(context: AppContext, stored: StoredTask, counted?: CountedTokens): TaskFacts {
  const { record } = stored;
  if (isEnded(record)) {
    const outcome = firstLine(record.status === "completed" ? record.result : record.error);
    return {
      last_event_at: record.end_time,
      ...(outcome !== undefined && { activity: shorten(outcome, MAX_ACTIVITY) }),
      ...(record.usage !== undefined && { tokens: countTokens(record.usage) }),
      ...(record.check !== undefined && { check: record.check.passed ? "passed" : "failed" }),
    };
  }
  const quota = describeQuotaWaitOf(record);
  const host = describeElsewhere(context, stored)?.host;
  return {
    ...(host !== undefined && { host }),
    ...(record.status === "running" && readRunFacts(context, stored, record, counted)),
    ...(quota !== undefined && { activity: quota, stalled: quota, waits_for: "quota" as const }),
    ...(openQuestions(record).length > 0 && { waits_for: "answer" as const }),
  };
}

/** Reads what a running task is doing. */
function readRunFacts(
  context: AppContext,
  stored: StoredTask,
  task: RunningTask,
  counted: CountedTokens | undefined,
): TaskFacts {
  const { last_event_at, stalled: silent } = describeProgress(task.log_file, undefined);
  const { activity } = describeRunning(context, task);
  const { tokens } = counted ?? countRunTokens(context, stored, task);
  const stalled = describeUnresponsive(context, stored) ?? silent;
  const { check } = describeCheckOf(context, task);
  return {
    ...(last_event_at !== undefined && { last_event_at }),
    ...(activity !== undefined && { activity: shorten(activity, MAX_ACTIVITY) }),
    ...(stalled !== undefined && { stalled: withoutSeconds(stalled) }),
    ...(tokens !== undefined && { tokens }),
    ...(check !== undefined && { check: checkState(check) }),
  };
}

function countRunTokens({ config }: AppContext, { sessionId }: StoredTask, task: RunningTask): CountedTokens {
  const usage = readRunUsage(config, task, sessionId);
  return { tokens: usage === undefined ? undefined : countTokens(usage) };
}

function checkState(check: { is_running?: boolean; passed?: boolean }): NonNullable<Card["check"]> {
  if (check.is_running === true) return "running";
  return check.passed === true ? "passed" : "failed";
}

/** Returns a reason without the time that passes: pages count it themselves, and a card that only ages is not sent again. */
function withoutSeconds(reason: string): string {
  return reason.replace(/^no event for \d+ s$/, "no event for more than a minute").replace(/ for \d+ s$/, "");
}

/** Returns a text that changes when the log of a running task does. */
export function logVersion({ log_file }: TaskRecord): string {
  const stat = statSync(log_file, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.size} ${stat.mtimeMs}`;
}

/** Returns the size of a task's log in bytes. */
export function logSize({ log_file }: TaskRecord): number {
  return statSync(log_file, { throwIfNoEntry: false })?.size ?? 0;
}

import { logger } from "#base/log.ts";
import { listSome } from "#base/text.ts";
import type { TaskRecord } from "#domain/record.ts";
import { markReported, takeUnreportedEnds, type UnreportedEnd } from "#store/ends/unreported-ends.ts";
import type { AppContext } from "#tasks/context.ts";
import { sizeOf } from "#mcp/answers/fit-answer.ts";

/** Fields that any answer may have: tasks of this client that have ended, and whose ends no answer has reported. */
export interface EndReports {
  ended_since?: EndedLine[];
  ended_since_left_out?: string;
}

interface EndedLine {
  task_id: string;
  status: UnreportedEnd["status"];
  topic: string;
  outcome?: string;
}

/** Largest number of tasks that one answer lists. */
const MAX_LISTED = 20;

/** Part of an answer's size that the list may take. */
const MAX_SHARE = 0.25;

/**
 * Returns the ended tasks that an answer reports beside its own content. From then on they count as reported, so this is called just before
 * the answer is sent. A failure must not cost the answer: a later one then reports them.
 * @param data content of the answer; a task whose end it reports is not repeated
 */
export function takeEndReports(
  { store }: AppContext,
  { clientKey, answerBytes, except }: { clientKey: string; answerBytes: number; except: readonly string[] },
  data: object,
): EndReports {
  try {
    const ends = takeUnreportedEnds(store, clientKey, except);
    return ends.length === 0 ? {} : format(withoutReported(ends, tasksReportedBy(data)), answerBytes);
  } catch (error) {
    logger("mcp").warn`ended tasks could not be reported: ${String(error)}`;
    return {};
  }
}

/** Marks the end of a run as reported to the client that started it, which gets the result in another way. */
export function recordReported({ store }: AppContext, clientKey: string, task: TaskRecord): void {
  try {
    markReported(store, clientKey, task);
  } catch (error) {
    logger("mcp").warn`${task.task_id} could not be marked as reported: ${String(error)}`;
  }
}

const ENDED: ReadonlySet<unknown> = new Set(["completed", "failed", "cancelled"]);

/** Returns the tasks whose ends an answer itself reports: its own one, or those in its lists. The list of all tasks, other than that of a group, only names them. */
function tasksReportedBy(data: object): ReadonlySet<string> {
  const parts = Object.entries(data).flatMap(([name, value]): unknown[] =>
    (name !== "tasks" || "group" in data) && Array.isArray(value) ? value : [],
  );
  return new Set(
    [data, ...parts].flatMap((part) => {
      if (typeof part !== "object" || part === null || !("task_id" in part) || !("status" in part)) return [];
      return typeof part.task_id === "string" && ENDED.has(part.status) ? [part.task_id] : [];
    }),
  );
}

/** Returns ends without the newest one of each task that an answer itself reports, which is that of its newest run. */
function withoutReported(ends: readonly UnreportedEnd[], said: ReadonlySet<string>): UnreportedEnd[] {
  const newest = new Map<string, number>();
  for (const { task_id, run } of ends) newest.set(task_id, Math.max(run, newest.get(task_id) ?? 0));
  return ends.filter(({ task_id, run }) => !said.has(task_id) || newest.get(task_id) !== run);
}

function format(ends: readonly UnreportedEnd[], answerBytes: number): EndReports {
  if (ends.length === 0) return {};
  const lines = ends.map(({ task_id, status, topic, outcome }) => ({
    task_id,
    status,
    topic,
    ...(outcome !== null && { outcome }),
  }));
  let count = Math.min(lines.length, MAX_LISTED);
  while (count > 1 && sizeOf(lines.slice(0, count)) > answerBytes * MAX_SHARE) count--;
  const rest = lines.slice(count).map(({ task_id }) => task_id);
  return {
    ended_since: lines.slice(0, count),
    ...(rest.length > 0 && { ended_since_left_out: `${rest.length}: ${listSome(rest)}` }),
  };
}

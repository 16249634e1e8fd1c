import { statSync } from "node:fs";
import { findTask } from "#store/tasks/claim-task.ts";
import { isEnded, type TaskRecord, visibleStatus } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { describeActivity } from "./running-line.ts";

/** Handle of a running {@link followProgress}. */
export interface ProgressWatch {
  close(): void;
}

/** Minimum interval between two reports of changes, in milliseconds. */
const POLL_INTERVAL_MS = 1000;
/** Interval of reports without changes, in milliseconds. */
const HEARTBEAT_MS = 15_000;

/**
 * Reports in one line what some tasks are doing: immediately, then after each change, at most once a second, and every
 * 15 seconds without one.
 */
export function followProgress(
  context: AppContext,
  tasks: readonly TaskRecord[],
  report: (line: string) => void,
): ProgressWatch {
  const known = new Map<string, { size: number; line: string }>();
  let reported = "";
  let reportedAt = Number.NEGATIVE_INFINITY;
  const look = () => {
    const line = describeAll(context, tasks, known);
    if (line === reported && performance.now() - reportedAt < HEARTBEAT_MS) return;
    reported = line;
    reportedAt = performance.now();
    report(line);
  };
  look();
  const timer = setInterval(look, POLL_INTERVAL_MS);
  return { close: () => clearInterval(timer) };
}

type Known = Map<string, { size: number; line: string }>;

function describeAll(context: AppContext, tasks: readonly TaskRecord[], known: Known): string {
  const current = tasks.map((task) => findTask(context.store, task.task_id)?.record ?? task);
  const running = current.filter((task) => !isEnded(task));
  const [first] = running;
  if (first === undefined) return "ended";
  if (tasks.length === 1) return describeOne(context, first, known);
  const newest = running.toSorted((a, b) => logSize(b) - logSize(a))[0] ?? first;
  const ended = tasks.length - running.length;
  return `${ended} of ${tasks.length} ended; ${newest.topic}: ${describeOne(context, newest, known)}`;
}

function describeOne(context: AppContext, task: TaskRecord, known: Known): string {
  if (task.status === "queued" || visibleStatus(task) === "waiting") return describeActivity(context, task);
  const size = logSize(task);
  const before = known.get(task.task_id);
  if (size > 0 && before?.size === size) return before.line;
  const line = describeActivity(context, task);
  known.set(task.task_id, { size, line });
  return line;
}

function logSize(task: TaskRecord): number {
  return statSync(task.log_file, { throwIfNoEntry: false })?.size ?? 0;
}

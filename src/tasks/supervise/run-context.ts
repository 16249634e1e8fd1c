import { MAX_TIMER_MS } from "#base/concurrency.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { taskPaths, WAKE_FILE } from "#store/store-paths.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import type { RunningTask, TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { CANCELLED } from "#tasks/supervise/finish/end-record.ts";
import { RunClock } from "./run-clock.ts";
import type { RunContext } from "./supervise-run.ts";

/** Calls a function with a clock for the run's limits while watching for cancels from other containers and hosts. */
export async function withRunContext<T>(
  context: AppContext,
  { record }: StoredTask,
  { observer, stop }: Pick<RunContext, "observer" | "stop">,
  work: (around: RunContext) => Promise<T>,
): Promise<T> {
  const paths = taskPaths(context.config.home, record.task_id);
  const clock = record.status === "running" ? RunClock.adopt(paths) : new RunClock(paths);
  const hear = () => {
    if (isCancelled(context, record)) stop.request(CANCELLED);
  };
  const watch = watchFolder(paths.live, (name) => name === WAKE_FILE, hear);
  try {
    return await work({ observer, stop, clock });
  } finally {
    watch.close();
    clock.stop();
  }
}

/** Reports whether a cancel of the run is recorded. */
export function isCancelled({ store }: AppContext, { task_id, run }: TaskRecord): boolean {
  try {
    const stored = findTask(store, task_id);
    return stored?.record.run === run && stored.isCancelRequested;
  } catch {
    return false; // the index cannot be read at this moment
  }
}

/** Returns a signal that aborts when a stop is requested or the task's time limit is reached; time in hooks counts, too. */
export function deadlineSignal({ timeout_seconds }: RunningTask, { stop, clock }: RunContext): AbortSignal {
  if (timeout_seconds === 0) return stop.signal;
  const leftMs = Math.max(0, timeout_seconds * 1000 - clock.countedMs);
  return AbortSignal.any([stop.signal, AbortSignal.timeout(Math.min(leftMs, MAX_TIMER_MS))]);
}

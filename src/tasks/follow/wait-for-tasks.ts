import { type EndedTask, isEnded, type TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { getTask } from "#tasks/find-task.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { waitAtMost } from "./wait-for-task.ts";

/** Condition of a wait: the end of any task or of all tasks. */
export type WaitMode = "any" | "all";

/** State of some tasks after a wait. */
export interface WaitResult {
  ended: EndedTask[];
  /** Tasks that are still queued or running. */
  unfinished: TaskRecord[];
}

/**
 * Returns the tasks with these ids in their actual state.
 * @throws AppError `unknown_task`
 */
export async function findTasks(context: AppContext, taskIds: readonly string[]): Promise<TaskRecord[]> {
  const tasks = new Map<string, TaskRecord>();
  for (const id of taskIds) {
    const task = getTask(context, id);
    tasks.set(task.record.task_id, await reconcile(context, task));
  }
  return [...tasks.values()];
}

/** Waits until any or all of some tasks have ended, a time limit is reached, or `signal` aborts. */
export async function waitForTasks(
  context: AppContext,
  tasks: readonly TaskRecord[],
  mode: WaitMode,
  atMostMs: number,
  signal?: AbortSignal,
): Promise<WaitResult> {
  const enough = new AbortController();
  const stop = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
  const waits = tasks.map((task) => waitAtMost(context, task, atMostMs, stop));
  if (mode === "any") await Promise.race(waits);
  else await Promise.all(waits);
  enough.abort();
  const now = await Promise.all(waits);
  const ended = now.filter((task) => task !== undefined);
  const ids = new Set(ended.map((task) => task.task_id));
  return { ended, unfinished: tasks.filter((task) => !isEnded(task) && !ids.has(task.task_id)) };
}

import { realpathSync } from "node:fs";
import { secondsBetween } from "#platform/clock.ts";
import { logger } from "#base/log.ts";
import {
  type EarlierRun,
  emptyRemoved,
  forgetRun,
  type ForgettableTask,
  forgetTask,
  listEarlierRuns,
  listForgettable,
} from "#store/tasks/forget-task.ts";
import type { Store } from "#store/store.ts";
import { forgetOldTokenUse } from "#store/token-use.ts";
import { taskPaths } from "#store/store-paths.ts";
import { unlinkFromWorkspace } from "#store/workspace-link.ts";
import type { AppContext } from "./context.ts";

/** Limits of retention: an ended task is kept while it is among the newest N or younger than S seconds. */
export interface Limits {
  keepTasks: number;
  keepSeconds: number;
}

/**
 * Removes ended tasks that are neither among the newest `keepTasks` nor younger than `keepSeconds`: their row, folder
 * and link; and the tokens of days long past. Never changes worktrees or branches.
 */
export function applyRetention(context: AppContext): void {
  forgetTasks(context, listTasksBeyondLimits(context, context.config));
  try {
    forgetOldTokenUse(context.store);
  } catch (error) {
    logger("app").warn`the tokens of past days cannot be removed: ${String(error)}`;
  }
}

/**
 * Removes the files of a task's earlier runs.
 * @returns the runs that were removed
 */
export function forgetEarlierRuns({ store }: AppContext, runs: readonly EarlierRun[]): EarlierRun[] {
  const forgotten = runs.filter((run) => forgetRun(store, run));
  if (forgotten.length > 0) emptyRemoved(store);
  return forgotten;
}

/** Returns the earlier runs of a task that are neither among its newest `keepTasks` nor younger than `keepSeconds`. */
export function listRunsBeyondLimits(
  { store }: AppContext,
  taskId: string,
  { keepTasks, keepSeconds }: Limits,
): EarlierRun[] {
  const older = listEarlierRuns(store, taskId).slice(keepTasks);
  return older.filter(({ end_time }) => secondsBetween(end_time) >= keepSeconds);
}

/** Returns the ended tasks beyond the limits, newest first. */
export function listTasksBeyondLimits({ store }: AppContext, { keepTasks, keepSeconds }: Limits): ForgettableTask[] {
  return listForgettable(store, keepTasks).filter((task) => secondsBetween(task.end_time) >= keepSeconds);
}

/**
 * Removes ended tasks. A task that has been started again meanwhile is kept.
 * @returns the tasks that were removed
 */
export function forgetTasks({ config, store }: AppContext, tasks: readonly ForgettableTask[]): ForgettableTask[] {
  const forgotten = tasks.filter((task) => tryForget(store, task));
  for (const task of forgotten) {
    removeLink(config.home, task);
    logger("app").info`${task.task_id} was removed, it ended ${task.end_time}`;
  }
  if (forgotten.length > 0) emptyRemoved(store);
  return forgotten;
}

/** Removes a task if possible. A fault does not prevent the others from being removed. */
function tryForget(store: Store, task: ForgettableTask): boolean {
  try {
    return forgetTask(store, task);
  } catch (error) {
    logger("app").warn`${task.task_id} cannot be removed: ${String(error)}`;
    return false;
  }
}

function removeLink(home: string, task: ForgettableTask): void {
  try {
    unlinkFromWorkspace(realpathSync(task.cwd), task.topic, taskPaths(home, task.task_id).folder);
  } catch {
    // The workspace is gone, including its link.
  }
}

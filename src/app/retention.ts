import { realpathSync } from "node:fs";
import { secondsBetween } from "#lib/clock.ts";
import { logger } from "#lib/log.ts";
import { emptyRemoved, forgetTask, type ForgettableTask, listForgettable } from "#store/forget-task.ts";
import { taskPaths } from "#store/store-paths.ts";
import { unlinkFromWorkspace } from "#store/workspace-link.ts";
import type { AppContext } from "./context.ts";

/** An ended task is kept while it is among the newest N or younger than S seconds. */
export interface Limits {
  keepTasks: number;
  keepSeconds: number;
}

/**
 * Removes ended tasks that are neither among the newest `keepTasks` nor younger than `keepSeconds`:
 * their row, folder and link. Worktrees and branches are never touched.
 */
export function applyRetention(context: AppContext): void {
  forgetTasks(context, listBeyond(context, context.config));
}

/** The ended tasks beyond the limits, newest first. */
export function listBeyond({ store }: AppContext, { keepTasks, keepSeconds }: Limits): ForgettableTask[] {
  return listForgettable(store, keepTasks).filter((task) => secondsBetween(task.end_time) >= keepSeconds);
}

/** Removes ended tasks. @returns those that are gone: one that has been started again meanwhile stays */
export function forgetTasks({ config, store }: AppContext, tasks: readonly ForgettableTask[]): ForgettableTask[] {
  const forgotten = tasks.filter((task) => forgetTask(store, task));
  for (const task of forgotten) {
    removeLink(config.home, task);
    logger("app").info`${task.task_id} was removed, it ended ${task.end_time}`;
  }
  if (forgotten.length > 0) emptyRemoved(store);
  return forgotten;
}

function removeLink(home: string, task: ForgettableTask): void {
  try {
    unlinkFromWorkspace(realpathSync(task.cwd), task.topic, taskPaths(home, task.task_id).folder);
  } catch {
    // The workspace is gone, and its link with it.
  }
}

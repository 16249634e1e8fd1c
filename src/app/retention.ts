import { realpathSync } from "node:fs";
import { secondsBetween } from "#lib/clock.ts";
import { logger } from "#lib/log.ts";
import { emptyRemoved, forgetTask, type ForgettableTask, listForgettable } from "#store/forget-task.ts";
import { taskPaths } from "#store/store-paths.ts";
import { unlinkFromWorkspace } from "#store/workspace-link.ts";
import type { AppContext } from "./context.ts";

/**
 * Removes ended tasks that are neither among the newest `keepTasks` nor younger than `keepSeconds`:
 * their row, folder and link. Worktrees and branches are never touched.
 */
export function applyRetention({ config, store }: AppContext): void {
  const isOld = (task: ForgettableTask) => secondsBetween(task.end_time) >= config.keepSeconds;
  const forgotten = listForgettable(store, config.keepTasks).filter((task) => isOld(task) && forgetTask(store, task));
  for (const task of forgotten) {
    removeLink(config.home, task);
    logger("app").info`${task.task_id} was removed, it ended ${task.end_time}`;
  }
  if (forgotten.length > 0) emptyRemoved(store);
}

function removeLink(home: string, task: ForgettableTask): void {
  try {
    unlinkFromWorkspace(realpathSync(task.cwd), task.topic, taskPaths(home, task.task_id).folder);
  } catch {
    // The workspace is gone, and its link with it.
  }
}

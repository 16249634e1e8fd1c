import { logger } from "#base/log.ts";
import { writePrivateFile } from "#platform/files/files.ts";
import type { TaskPaths } from "#store/store-paths.ts";

let count = 0;

/** Wakes all watchers of a task's folder after the index entry of the task has changed. */
export function wakeWatchers({ wake }: Pick<TaskPaths, "wake">): void {
  try {
    writePrivateFile(wake, `${process.pid} ${++count}\n`);
  } catch (error) {
    // Watchers poll every two seconds anyway.
    logger("store").debug`${wake} was not written: ${String(error)}`;
  }
}

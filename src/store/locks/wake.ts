import { logger } from "#base/log.ts";
import { writePrivateFile } from "#platform/files/files.ts";
import type { TaskPaths } from "#store/store-paths.ts";

let count = 0;

/** Wakes whoever watches a task's folder, after something about the task has changed in the index. */
export function wakeWatchers({ wake }: Pick<TaskPaths, "wake">): void {
  try {
    writePrivateFile(wake, `${process.pid} ${++count}\n`);
  } catch (error) {
    // They look by themselves every two seconds.
    logger("store").debug`${wake} was not written: ${String(error)}`;
  }
}

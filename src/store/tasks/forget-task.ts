import { lstatSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { logger } from "#base/log.ts";
import { repairPrivateFolder } from "#platform/files/files.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import type { Store } from "#store/store.ts";
import { taskPaths } from "#store/store-paths.ts";

/** Facts about an ended task needed to remove it. */
export interface ForgettableTask {
  task_id: string;
  run: number;
  topic: string;
  cwd: string;
  end_time: string;
}

/** Lists ended tasks beyond the newest `keep`, newest first. */
export function listForgettable(store: Store, keep: number): ForgettableTask[] {
  return store.database
    .query<ForgettableTask, [number]>(
      `SELECT task_id, run, topic, cwd, end_time FROM tasks WHERE end_time IS NOT NULL
       ORDER BY seq DESC, task_id DESC LIMIT -1 OFFSET ?`,
    )
    .all(keep);
}

/**
 * Removes an ended task from the index and its folder from the tasks' folder, in one write transaction: a new run with the same id never
 * meets files that are being deleted.
 * @returns false if it has been started again in the meantime
 */
export function forgetTask(store: Store, task: ForgettableTask): boolean {
  inStateFolder(() => repairPrivateFolder(store.paths.removed));
  const { folder } = taskPaths(store.paths.home, task.task_id);
  return store.writable
    .transaction(() => {
      const { changes } = store.database
        .query("DELETE FROM tasks WHERE task_id = ? AND run = ? AND end_time IS NOT NULL")
        .run(task.task_id, task.run);
      const isThere = lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
      if (changes === 1 && isThere) {
        inStateFolder(() => renameSync(folder, join(store.paths.removed, crypto.randomUUID())));
      }
      return changes === 1;
    })
    .immediate();
}

/** Deletes the files of forgotten tasks. */
export function emptyRemoved(store: Store): void {
  try {
    rmSync(store.paths.removed, { recursive: true, force: true });
  } catch (error) {
    logger("store").warn`${store.paths.removed} cannot be emptied: ${String(error)}`;
  }
}

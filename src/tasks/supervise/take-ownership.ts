import { makeLockFile } from "#platform/flock.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { tryHold } from "#store/locks/held-lock.ts";
import { codexLockOf, taskPaths } from "#store/store-paths.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { isEnded } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";

/** Time to wait for the owner lock, in milliseconds. A reader, or a supervisor of another run, releases it quickly. */
const OWNER_LOCK_TIMEOUT_MS = 2000;

/**
 * Takes the task's owner lock for the lifetime of this process.
 * @returns undefined if another process has the lock, or the run is over
 */
export async function takeOwnership(context: AppContext, taskId: string, run: number): Promise<StoredTask | undefined> {
  const { ownerLock } = taskPaths(context.config.home, taskId);
  const deadline = performance.now() + OWNER_LOCK_TIMEOUT_MS;
  for (;;) {
    if (findTask(context.store, taskId)?.record.run !== run) return undefined;
    const lock = tryHold(ownerLock);
    const stored = lock === undefined ? undefined : findTask(context.store, taskId);
    if (stored !== undefined && stored.record.run === run && !isEnded(stored.record)) {
      // The file exists from now on, so that its lock shows others whether any process of the run is alive.
      makeLockFile(codexLockOf(context.config.home, stored.record));
      return stored;
    }
    lock?.release();
    if (lock !== undefined || performance.now() > deadline) return undefined;
    await Bun.sleep(20);
  }
}

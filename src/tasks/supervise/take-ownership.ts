import { makeLockFile } from "#platform/flock.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { tryHold } from "#store/locks/held-lock.ts";
import { codexLockOf, taskPaths } from "#store/store-paths.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { isEnded } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";

/** Somebody who only looks, or a supervisor that came for another run, lets go of the lock at once. */
const OWNER_LOCK_TIMEOUT_MS = 2000;

/** Takes the task's owner lock, for as long as this process lives. @returns undefined where somebody else has it, or the run is over */
export async function takeOwnership(context: AppContext, taskId: string, run: number): Promise<StoredTask | undefined> {
  const { ownerLock } = taskPaths(context.config.home, taskId);
  const deadline = performance.now() + OWNER_LOCK_TIMEOUT_MS;
  for (;;) {
    if (findTask(context.store, taskId)?.record.run !== run) return undefined;
    const lock = tryHold(ownerLock);
    const stored = lock === undefined ? undefined : findTask(context.store, taskId);
    if (stored !== undefined && stored.record.run === run && !isEnded(stored.record)) {
      // There from now on, so that it tells others whether anything of the run lives.
      makeLockFile(codexLockOf(context.config.home, stored.record));
      return stored;
    }
    lock?.release();
    if (lock !== undefined || performance.now() > deadline) return undefined;
    await Bun.sleep(20);
  }
}

import { makeLockFile } from "#platform/flock.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { tryHold } from "#store/locks/held-lock.ts";
import { codexLockPath, taskPaths } from "#store/store-paths.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { isEnded, type QueuedTask, type RunningTask } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { now } from "#platform/clock.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import { markRunning, markWaiting, updateQueuedTask } from "#store/tasks/change-task.ts";
import { reachedDayLimit } from "#tasks/budget/token-limits.ts";
import { reconcileAll } from "#tasks/end/reconcile.ts";
import { findReachedLimit, findQuotaWait } from "#tasks/quota/account-limits.ts";
import { waitForReset } from "#tasks/quota/wait-for-reset.ts";
import type { StopRequest } from "./stop-request.ts";

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
      makeLockFile(codexLockPath(context.config.home, stored.record));
      return stored;
    }
    lock?.release();
    if (lock !== undefined || performance.now() > deadline) return undefined;
    await Bun.sleep(20);
  }
}

/**
 * Starts a queued task as soon as there is a free slot, immediately if the number of tasks is not limited.
 * @param toRunning returns the record of the task as it starts to run
 * @returns undefined if the task is not to run any more: it was cancelled, or `stop` was or is now requested
 */
export async function startWhenSlotIsFree(
  context: AppContext,
  queued: QueuedTask,
  toRunning: () => RunningTask,
  stop: StopRequest,
): Promise<RunningTask | undefined> {
  const { config, store } = context;
  const tryStart = () => {
    const running = toRunning();
    return markRunning(store, running, config.maxConcurrent) ? running : undefined;
  };
  if (stopAtDayLimit(context, stop)) return undefined;
  const isLimited = findQuotaWait(config, queued) !== undefined;
  const started = isLimited ? undefined : tryStart();
  if (started !== undefined || (config.maxConcurrent === 0 && !isLimited)) return started;
  const waiting: QueuedTask = { ...queued, waiting_since: now() };
  if (!markWaiting(store, waiting)) return undefined;

  const changes = watchChanges(context);
  const stopped = stop.requested.then(() => "stopped" as const);
  try {
    while (isQueued(context, queued)) {
      if (!(await waitForQuota(context, waiting, stop))) return undefined;
      // Tasks whose supervisors died hold slots until a process determines their actual state.
      await reconcileAll(context);
      if (stopAtDayLimit(context, stop)) return undefined;
      const running = tryStart();
      if (running !== undefined) return running;
      if ((await Promise.race([changes.next(), stopped])) === "stopped") return undefined;
    }
    return undefined;
  } finally {
    changes.close();
  }
}

/**
 * Waits as long as a limit is reached that a queued task would reach, too, and says in its record that it does.
 * @returns false if `stop` was requested
 */
async function waitForQuota({ config, store }: AppContext, queued: QueuedTask, stop: StopRequest): Promise<boolean> {
  let hasWaited = false;
  for (;;) {
    const wait = findQuotaWait(config, queued);
    if (wait === undefined) break;
    hasWaited = true;
    if (!updateQueuedTask(store, { ...queued, waiting_for: wait })) return true;
    const isForgotten = () => findReachedLimit(config, queued)?.until !== wait.until;
    if (!(await waitForReset({ until: Date.parse(wait.until), isForgotten, signal: stop.signal }))) return false;
  }
  if (hasWaited) updateQueuedTask(store, queued);
  return true;
}

/** Requests a stop if the tokens of the day are used. @returns whether they are */
function stopAtDayLimit(context: AppContext, stop: StopRequest): boolean {
  const reached = reachedDayLimit(context);
  if (reached !== undefined) stop.request(reached);
  return reached !== undefined;
}

function isQueued({ store }: AppContext, task: QueuedTask): boolean {
  const stored = findTask(store, task.task_id);
  return stored?.record.run === task.run && stored.record.status === "queued" && !stored.isCancelRequested;
}

/** Watches the index: every write to it changes its log file. */
function watchChanges({ config }: AppContext): { next: () => Promise<void>; close: () => void } {
  let next = Promise.withResolvers<void>();
  const wake = () => {
    next.resolve();
    next = Promise.withResolvers<void>();
  };
  const watch = watchFolder(config.home, (name) => name.startsWith("codexmcp.db"), wake);
  return { next: () => next.promise, close: () => watch.close() };
}

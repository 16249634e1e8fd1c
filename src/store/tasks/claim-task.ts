import { AppError } from "#base/errors.ts";
import { quoteForShell } from "#base/text.ts";
import { prepareFile } from "#platform/files/files.ts";
import { isEnded, type QueuedTask } from "#domain/record.ts";
import { type HeldLock, holdWithin } from "#store/locks/held-lock.ts";
import { importTask } from "./import-tasks.ts";
import { formatMeta } from "./meta-file.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import type { Store } from "#store/store.ts";
import { taskPaths } from "#store/store-paths.ts";
import { openTaskFolder } from "./task-folder.ts";
import { replaceTask, STORED_COLUMNS, type StoredRow, type StoredTask, toStoredTask } from "./task-row.ts";

/** Claim for a new run. */
export interface Claim {
  workspace: string;
  worktreeDir: string | undefined;
  /** The Codex session to resume. */
  sessionId: string | undefined;
  /** Possible ids of the task, best first; the first that is not used by another workspace is taken. */
  taskIds: readonly [string, string];
  /** Builds the record of the new run. */
  build: (taskId: string, run: number) => QueuedTask;
}

/** Granted claim with the starter's lock. */
export interface GrantedClaim {
  granted: QueuedTask;
  lock: HeldLock;
}

/** Granted claim, or the unfinished task that prevents it. */
export type ClaimResult = GrantedClaim | { refusedBy: StoredTask; because: "topic" | "worktree" | "session" };

/** Timeout of the starter's lock, in milliseconds: during a claim, other processes only inspect it. */
const STARTER_LOCK_TIMEOUT_MS = 1000;

/**
 * Makes the calling process the starter of a new run, in one write transaction: if several processes claim one topic or one worktree at the
 * same moment, only one succeeds.
 * @throws AppError `state_unusable`, `state_newer`
 */
export function claimTask(store: Store, claim: Claim): ClaimResult {
  for (const taskId of claim.taskIds) {
    if (!store.isNewer && findTask(store, taskId) === undefined) importTask(store, taskId);
  }
  let result: ClaimResult | undefined;
  try {
    return store.writable.transaction(() => (result = tryClaim(store, claim))).immediate();
  } catch (error) {
    // The transaction was rolled back, so the claim was not granted.
    if (result !== undefined && "lock" in result) result.lock.release();
    throw error;
  }
}

function tryClaim(store: Store, claim: Claim): ClaimResult {
  const [preferred, distinct] = claim.taskIds;
  const holder = findTask(store, preferred)?.record;
  const taskId = holder === undefined || holder.workspace === claim.workspace ? preferred : distinct;
  const earlier = findTask(store, taskId);
  if (earlier !== undefined && !isEnded(earlier.record)) return { refusedBy: earlier, because: "topic" };
  const neighbour = findUnfinishedBy(store, "worktree_dir", claim.worktreeDir);
  if (neighbour !== undefined) return { refusedBy: neighbour, because: "worktree" };
  const writer = findUnfinishedBy(store, "session_id", claim.sessionId);
  if (writer !== undefined) return { refusedBy: writer, because: "session" };
  const granted = claim.build(taskId, (earlier?.record.run ?? 0) + 1);
  replaceTask(store.database, granted);
  // Before the row is visible to others: a process that ends this run finds its folder, not the earlier run's, and a running starter.
  const paths = taskPaths(store.paths.home, taskId);
  const lock = inStateFolder(() => {
    openTaskFolder(paths, earlier?.record.run);
    prepareFile(paths.meta, formatMeta(granted)).publish();
    return holdWithin(paths.starterLock, STARTER_LOCK_TIMEOUT_MS);
  });
  if (lock === undefined) throw lockHeld(paths.starterLock);
  return { granted, lock };
}

/** Returns the task with this id from the index. */
export function findTask(store: Store, taskId: string): StoredTask | undefined {
  const row = store.database
    .query<StoredRow, [string]>(`SELECT ${STORED_COLUMNS} FROM tasks WHERE task_id = ?`)
    .get(taskId);
  return row === null ? undefined : toStoredTask(row);
}

/** Returns the queued or running task of a worktree. */
export function findUnfinishedIn(store: Store, worktreeDir: string): StoredTask | undefined {
  return findUnfinishedBy(store, "worktree_dir", worktreeDir);
}

function findUnfinishedBy(
  store: Store,
  column: "worktree_dir" | "session_id",
  value: string | undefined,
): StoredTask | undefined {
  if (value === undefined) return undefined;
  const row = store.database
    .query<StoredRow, [string]>(
      `SELECT ${STORED_COLUMNS} FROM tasks WHERE ${column} = ? AND status IN ('queued', 'running')`,
    )
    .get(value);
  return row === null ? undefined : toStoredTask(row);
}

function lockHeld(path: string): AppError {
  return new AppError(
    "state_unusable",
    `The lock ${path} of a task that is being started is held by another process.`,
    `Find that process (fuser ${quoteForShell(path)}), then try again.`,
  );
}

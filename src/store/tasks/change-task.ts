import { errnoOf } from "#base/errors.ts";
import { makePrivateFolder, type PendingFile, prepareFile, writePrivateFile } from "#platform/files/files.ts";
import { logger } from "#base/log.ts";
import { addressOf, ownIdentity, type ProcessIdentity } from "#platform/process/identity.ts";
import { canMove, type EndedTask, type QueuedTask, type RunningTask, type TaskRecord } from "#domain/record.ts";
import { listMessages } from "./inbox.ts";
import { formatMeta } from "./meta-file.ts";
import { inStateFolder, toStorageFault } from "#store/storage-fault.ts";
import { recordEndedRun } from "#store/ends/record-end.ts";
import type { Store } from "#store/store.ts";
import { taskPaths, type TaskPaths } from "#store/store-paths.ts";
import { type CodexEnd, type Columns, stateColumns } from "./task-row.ts";

const SET_RECORD =
  "status = $status, session_id = $session_id, end_time = $end_time, elapsed_seconds = $elapsed_seconds, record = $record";

/** Condition for a free slot for the task that has waited longest, of those that do not wait for their quota; `$max` 0 means no limit. */
const HAS_SLOT = `($max = 0 OR (
  (SELECT count(*) FROM tasks AS other WHERE other.status = 'running') < $max AND NOT EXISTS (
    SELECT 1 FROM tasks AS other
    WHERE other.status = 'queued' AND json_type(other.record, '$.waiting_for') IS NULL
      AND (other.seq, other.task_id) < (tasks.seq, tasks.task_id))))`;

/**
 * Moves a task from queued to running, with the calling process as the supervisor.
 * @param maxConcurrent maximum number of tasks running at once; 0: no limit
 * @returns false if the task is no longer queued, its cancellation was requested, or there is no slot for it
 */
export function markRunning(store: Store, task: RunningTask, maxConcurrent = 0): boolean {
  return changeTask(
    store,
    task,
    `UPDATE tasks SET ${SET_RECORD}, supervisor = $supervisor
     WHERE task_id = $task_id AND run = $run AND status = 'queued' AND cancel_requested = 0
     AND ${HAS_SLOT} RETURNING 1`,
    { supervisor: ownAddress(), max: maxConcurrent },
  );
}

/**
 * Ends a task that is in a given state. Its record then tells what became of the messages to it.
 * @returns false if it had already ended: the earlier end is kept
 */
export function endTask(store: Store, from: TaskRecord["status"], task: EndedTask): boolean {
  if (!canMove(from, task.status)) throw new Error(`a task cannot go from ${from} to ${task.status}`);
  const ended = withMessages(store, task);
  if (!setEnd(store, from, ended)) return false;
  // A message may have come before others could see the end.
  const late = withMessages(store, task);
  if (late.messages?.length !== ended.messages?.length) setEnd(store, task.status, late);
  return true;
}

function setEnd(store: Store, from: TaskRecord["status"], task: EndedTask): boolean {
  const isFirst = from !== task.status;
  return changeTask(
    store,
    task,
    `UPDATE tasks SET ${SET_RECORD}
     WHERE task_id = $task_id AND run = $run AND status = $from RETURNING 1`,
    { from },
    isFirst ? () => recordEndedRun(store, task) : undefined,
  );
}

const WHY_UNDELIVERED = {
  completed: "The task ended before Codex read it.",
  failed: "The task failed before Codex read it.",
  cancelled: "The task was cancelled before Codex read it.",
} as const satisfies Record<EndedTask["status"], string>;

function withMessages(store: Store, task: EndedTask): EndedTask {
  const messages = listMessages(taskPaths(store.paths.home, task.task_id), WHY_UNDELIVERED[task.status]);
  return messages.length === 0 ? task : { ...task, messages };
}

/**
 * Makes the calling process the supervisor of a queued task, and publishes that.
 * @returns false if it is no longer queued
 */
export function markWaiting(store: Store, task: QueuedTask): boolean {
  return changeTask(
    store,
    task,
    `UPDATE tasks SET ${SET_RECORD}, supervisor = $supervisor
     WHERE task_id = $task_id AND run = $run AND status = 'queued' AND cancel_requested = 0 RETURNING 1`,
    { supervisor: ownAddress() },
  );
}

/** Records the Codex session of a running task: no other task may resume it meanwhile. */
export function recordSession(store: Store, task: RunningTask, sessionId: string): void {
  store.writable
    .query("UPDATE tasks SET session_id = ? WHERE task_id = ? AND run = ? AND status = 'running'")
    .run(sessionId, task.task_id, task.run);
}

/**
 * Replaces a queued task's record, e.g. when its worktree is known.
 * @returns false if it is no longer queued
 */
export function updateQueuedTask(store: Store, task: QueuedTask): boolean {
  return changeTask(
    store,
    task,
    `UPDATE tasks SET ${SET_RECORD} WHERE task_id = $task_id AND run = $run AND status = 'queued' RETURNING 1`,
  );
}

/**
 * Replaces a running task's record.
 * @returns false if the run has ended
 */
export function updateRunningTask(store: Store, task: RunningTask): boolean {
  return changeTask(
    store,
    task,
    `UPDATE tasks SET ${SET_RECORD} WHERE task_id = $task_id AND run = $run AND status = 'running' RETURNING 1`,
  );
}

/**
 * Makes the calling process the supervisor of a running task whose supervisor has died. The caller must hold the task's owner lock.
 * @returns false if the run has ended
 */
export function recordSupervisor(store: Store, task: RunningTask): boolean {
  return setColumn(store, task, "supervisor", ownAddress());
}

/** Records the identity of the Codex process, so that it can be found after the supervisor's death. */
export function recordCodexProcess(store: Store, task: RunningTask, codex: ProcessIdentity): void {
  setColumn(store, task, "codex", JSON.stringify(addressOf(codex)));
}

/** Records that the next Codex process of a run is being started: until it is recorded, it is found by its marker. */
export function recordCodexRestart(store: Store, task: RunningTask): void {
  store.writable
    .query("UPDATE tasks SET codex = NULL, codex_end = NULL WHERE task_id = ? AND run = ? AND status = 'running'")
    .run(task.task_id, task.run);
}

/** Records Codex's end before any step that may take long, so that it is known to whichever process finishes the run. */
export function recordCodexEnd(store: Store, task: RunningTask, end: CodexEnd): void {
  setColumn(store, task, "codex_end", JSON.stringify(end));
}

function setColumn(
  store: Store,
  task: RunningTask,
  column: "supervisor" | "codex" | "codex_end",
  value: string,
): boolean {
  const { changes } = store.writable
    .query(`UPDATE tasks SET ${column} = ? WHERE task_id = ? AND run = ? AND status = 'running'`)
    .run(value, task.task_id, task.run);
  return changes === 1;
}

function ownAddress(): string {
  return JSON.stringify(addressOf(ownIdentity()));
}

/** Records a request to cancel a task and wakes its supervisor; a queued task is then not started. */
export function requestCancel(store: Store, task: TaskRecord): void {
  store.writable
    .query("UPDATE tasks SET cancel_requested = 1 WHERE task_id = ? AND run = ? AND status IN ('queued', 'running')")
    .run(task.task_id, task.run);
  wakeWatchers(taskPaths(store.paths.home, task.task_id));
}

/**
 * Updates a task by compare-and-swap and publishes the copy in the same write transaction: no second run can be claimed in between.
 * Watchers are woken after the commit, and then read the index.
 * @param alsoChange makes further changes in the transaction, if the task was updated
 * @throws AppError `state_unusable`; nothing has changed then
 */
export function changeTask(
  store: Store,
  task: TaskRecord,
  update: string,
  more: Columns = {},
  alsoChange?: () => void,
): boolean {
  const paths = taskPaths(store.paths.home, task.task_id);
  const meta = prepareMeta(paths.folder, paths.meta, task);
  try {
    const won = store.writable
      .transaction(() => {
        const row = store.database.query<object, Columns[]>(update).get({ ...stateColumns(task), ...more });
        if (row !== null) {
          alsoChange?.();
          publish(meta, paths.meta);
        }
        return row !== null;
      })
      .immediate();
    if (!won) meta?.discard();
    logger("store").debug`${task.task_id} run ${task.run} → ${task.status}: ${won ? "done" : "refused"}`;
    if (won) wakeWatchers(paths);
    return won;
  } catch (error) {
    meta?.discard();
    throw toStorageFault(error);
  }
}

/** Error codes of a disk that is full or not writable: the index could not be changed either. */
const DISK_FAULTS = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO"]);

/**
 * Prepares the published copy; undefined if the task's folder cannot hold one, which must not prevent a correct index. A folder
 * that was deleted is created again.
 */
function prepareMeta(folder: string, path: string, task: TaskRecord): PendingFile | undefined {
  return inStateFolder(() => {
    try {
      makePrivateFolder(folder);
      return prepareFile(path, formatMeta(task));
    } catch (error) {
      if (DISK_FAULTS.has(errnoOf(error) ?? "")) throw error;
      logger("store").warn`${task.task_id} has no meta.json: ${String(error)}`;
      return undefined;
    }
  });
}

function publish(meta: PendingFile | undefined, path: string): void {
  try {
    meta?.publish();
  } catch (error) {
    if (DISK_FAULTS.has(errnoOf(error) ?? "")) throw error;
    logger("store").warn`${path} was not published: ${String(error)}`;
  }
}

let count = 0;

/** Wakes all watchers of a task's folder after the index entry of the task has changed. */
function wakeWatchers({ wake }: Pick<TaskPaths, "wake">): void {
  try {
    writePrivateFile(wake, `${process.pid} ${++count}\n`);
  } catch (error) {
    // Watchers poll every two seconds anyway.
    logger("store").debug`${wake} was not written: ${String(error)}`;
  }
}

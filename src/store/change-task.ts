import { prepareFile } from "#lib/files.ts";
import { logger } from "#lib/log.ts";
import { ownIdentity, type ProcessIdentity } from "#lib/process-identity.ts";
import { canMove, type EndedTask, type QueuedTask, type RunningTask, type TaskRecord } from "#task/record.ts";
import { formatMeta } from "./meta-file.ts";
import type { Store } from "./store.ts";
import { taskPaths } from "./store-paths.ts";
import { type Columns, stateColumns } from "./task-row.ts";

const SET_RECORD = "status = $status, session_id = $session_id, end_time = $end_time, record = $record";

/** A free slot, for the task that has waited longest; `$max` 0 means no limit. */
const HAS_SLOT = `($max = 0 OR (
  (SELECT count(*) FROM tasks AS other WHERE other.status = 'running') < $max AND NOT EXISTS (
    SELECT 1 FROM tasks AS other
    WHERE other.status = 'queued' AND (other.start_time, other.task_id) < (tasks.start_time, tasks.task_id))))`;

/**
 * queued → running, with the calling process as the owner.
 * @param maxConcurrent how many tasks may run at once; 0: any number
 * @returns false where the task is no longer queued, a cancel was asked for, or there is no slot for it
 */
export function startTask(store: Store, task: RunningTask, maxConcurrent = 0): boolean {
  const owner = ownIdentity();
  return change(
    store,
    task,
    `UPDATE tasks SET ${SET_RECORD}, owner_pid = $owner_pid, owner_start = $owner_start
     WHERE task_id = $task_id AND run = $run AND status = 'queued' AND cancel_requested = 0
     AND ${HAS_SLOT} RETURNING 1`,
    { owner_pid: owner.pid, owner_start: owner.start, max: maxConcurrent },
  );
}

/**
 * A task's end, from the state that it was in.
 * @returns false where it had ended already: that end stands.
 */
export function endTask(store: Store, from: TaskRecord["status"], task: EndedTask): boolean {
  if (!canMove(from, task.status)) throw new Error(`a task cannot go from ${from} to ${task.status}`);
  return change(
    store,
    task,
    `UPDATE tasks SET ${SET_RECORD}
     WHERE task_id = $task_id AND run = $run AND status = $from RETURNING 1`,
    { from },
  );
}

/** Makes the calling process the owner of a queued task, and publishes that. @returns false where it is no longer queued */
export function holdInQueue(store: Store, task: QueuedTask): boolean {
  const owner = ownIdentity();
  return change(
    store,
    task,
    `UPDATE tasks SET ${SET_RECORD}, owner_pid = $owner_pid, owner_start = $owner_start
     WHERE task_id = $task_id AND run = $run AND status = 'queued' AND cancel_requested = 0 RETURNING 1`,
    { owner_pid: owner.pid, owner_start: owner.start },
  );
}

/** Notes the Codex session of a running task: nobody else may resume it now. */
export function noteSession(store: Store, task: RunningTask, sessionId: string): void {
  store.database
    .query("UPDATE tasks SET session_id = ? WHERE task_id = ? AND run = ? AND status = 'running'")
    .run(sessionId, task.task_id, task.run);
}

/** Replaces a queued task's record, e.g. when its worktree is known. @returns false where it is no longer queued. */
export function updateQueuedTask(store: Store, task: QueuedTask): boolean {
  return change(
    store,
    task,
    `UPDATE tasks SET ${SET_RECORD} WHERE task_id = $task_id AND run = $run AND status = 'queued' RETURNING 1`,
  );
}

/** Makes the calling process the owner of a task whose owner is gone. @returns false where somebody was faster. */
export function takeOverTask(store: Store, task: TaskRecord, gone: ProcessIdentity | undefined): boolean {
  const owner = ownIdentity();
  const row = store.database
    .query<object, (string | number | null)[]>(
      `UPDATE tasks SET owner_pid = ?, owner_start = ?
       WHERE task_id = ? AND run = ? AND status = ? AND owner_pid IS ? AND owner_start IS ? RETURNING 1`,
    )
    .get(owner.pid, owner.start, task.task_id, task.run, task.status, gone?.pid ?? null, gone?.start ?? null);
  return row !== null;
}

/** Notes which process Codex is, so that it is found after the supervisor's death. */
export function noteCodexProcess(store: Store, task: RunningTask, codex: ProcessIdentity): void {
  store.database
    .query("UPDATE tasks SET codex_pid = ?, codex_start = ? WHERE task_id = ? AND run = ? AND status = 'running'")
    .run(codex.pid, codex.start, task.task_id, task.run);
}

/** Notes that a cancel was asked for; a queued task is then not started any more. */
export function requestCancel(store: Store, task: TaskRecord): void {
  store.database
    .query("UPDATE tasks SET cancel_requested = 1 WHERE task_id = ? AND run = ? AND status IN ('queued', 'running')")
    .run(task.task_id, task.run);
}

/**
 * One compare-and-swap, and in the same write transaction the published copy: no second run can be
 * claimed between the two, and no reader of `meta.json` sees a state that the index refused.
 */
function change(store: Store, task: TaskRecord, update: string, more: Columns = {}): boolean {
  const meta = prepareFile(taskPaths(store.paths.home, task.task_id).meta, formatMeta(task));
  try {
    const won = store.database
      .transaction(() => {
        const row = store.database.query<object, Columns[]>(update).get({ ...stateColumns(task), ...more });
        if (row !== null) meta.publish();
        return row !== null;
      })
      .immediate();
    if (!won) meta.discard();
    logger("store").debug`${task.task_id} run ${task.run} → ${task.status}: ${won ? "done" : "refused"}`;
    return won;
  } catch (error) {
    meta.discard();
    throw error;
  }
}

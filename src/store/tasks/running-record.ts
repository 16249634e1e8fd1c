import type { RunningTask } from "#domain/record.ts";
import type { QuotaWait } from "#domain/waiting.ts";
import type { Store } from "#store/store.ts";
import { changeTask } from "./change-task.ts";

/** Number of times that a change is tried while others change the record. */
const MAX_ATTEMPTS = 5;

/**
 * Changes fields of a running task's record. Changes of other processes to the record are kept.
 * @param change returns the changed record; it may be called several times
 * @returns false if the run has ended
 * @throws AppError `state_unusable`
 */
export function changeRunningTask(
  store: Store,
  { task_id, run }: RunningTask,
  change: (task: RunningTask) => RunningTask,
): boolean {
  for (let attempt = 1; ; attempt++) {
    const row = store.database
      .query<{ record: string }, [string, number]>(
        "SELECT record FROM tasks WHERE task_id = ? AND run = ? AND status = 'running'",
      )
      .get(task_id, run);
    if (row === null) return false;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this program writes it, from a TaskRecord
    const task = JSON.parse(row.record) as RunningTask;
    const isChanged = changeTask(
      store,
      change(task),
      `UPDATE tasks SET record = $record
       WHERE task_id = $task_id AND run = $run AND status = 'running' AND record = $before RETURNING 1`,
      { before: row.record },
    );
    if (isChanged || attempt === MAX_ATTEMPTS) return isChanged;
  }
}

/**
 * Records that a running task waits for its quota, or no longer does.
 * @returns false if the run has ended
 * @throws AppError `state_unusable`
 */
export function recordQuotaWait(store: Store, task: RunningTask, wait: QuotaWait | undefined): boolean {
  return changeRunningTask(store, task, ({ waiting_for: _before, ...rest }) => ({
    ...rest,
    ...(wait !== undefined && { waiting_for: wait }),
  }));
}

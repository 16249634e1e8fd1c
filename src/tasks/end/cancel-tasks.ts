import { AppError, type Failure, toFailure } from "#base/errors.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import type { AppContext } from "#tasks/context.ts";
import { type CancelOutcome, cancelTask } from "./cancel-task.ts";

/** Result of a cancel of several tasks. */
export interface CancelledTasks {
  outcomes: CancelOutcome[];
  /** Tasks that could not be stopped. */
  failed: { task_id: string; failure: Failure }[];
}

/**
 * Stops several tasks at the same time, as {@link cancelTask} does, each independently of the others. Those that wait in the queue come
 * first: none of them may start because another was stopped.
 */
export async function cancelTasks(context: AppContext, taskIds: readonly string[]): Promise<CancelledTasks> {
  const result = new Map<string, CancelOutcome | Failure>();
  const cancel = async (id: string) => void result.set(id, await cancelTask(context, id).catch(toFailure));
  const queued = taskIds.filter((id) => findTask(context.store, id)?.record.status === "queued");
  await Promise.all(queued.map(cancel));
  await Promise.all(taskIds.filter((id) => !queued.includes(id)).map(cancel));
  const outcomes: CancelOutcome[] = [];
  const failed: CancelledTasks["failed"] = [];
  for (const task_id of taskIds) {
    const each = result.get(task_id);
    if (each !== undefined && "record" in each) outcomes.push(each);
    else if (each !== undefined) failed.push({ task_id, failure: each });
  }
  return { outcomes, failed };
}

/** Checks that all tasks could be stopped. @throws AppError for the first that could not */
export function checkAllCancelled({ failed: [first] }: CancelledTasks): void {
  if (first === undefined) return;
  const { task_id, failure } = first;
  throw new AppError(failure.code, `${task_id} cannot be stopped: ${failure.message}`, failure.hint);
}

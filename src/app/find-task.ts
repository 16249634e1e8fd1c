import { AppError } from "#lib/errors.ts";
import { findTask } from "#store/claim-task.ts";
import { importTask } from "#store/import-tasks.ts";
import type { StoredTask } from "#store/task-row.ts";
import { isTaskId } from "#task/names.ts";
import type { AppContext } from "./context.ts";

/**
 * The task of this id, from the index or, where that does not know it, from its folder.
 * @throws AppError `unknown_task`
 */
export function getTask(context: AppContext, taskId: string): StoredTask {
  const task = findTaskOrImport(context, taskId);
  if (task !== undefined) return task;
  throw new AppError(
    "unknown_task",
    `There is no task "${taskId}".`,
    "codex_status without task_id lists the tasks; ids begin with codex-.",
  );
}

/** The same, or undefined where there is no such task. */
export function findTaskOrImport({ store }: AppContext, taskId: string): StoredTask | undefined {
  if (!isTaskId(taskId)) return undefined;
  const known = findTask(store, taskId);
  if (known !== undefined) return known;
  importTask(store, taskId);
  return findTask(store, taskId);
}

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
export function getTask({ store }: AppContext, taskId: string): StoredTask {
  if (isTaskId(taskId)) {
    const known = findTask(store, taskId);
    if (known !== undefined) return known;
    importTask(store, taskId);
    const imported = findTask(store, taskId);
    if (imported !== undefined) return imported;
  }
  throw new AppError(
    "unknown_task",
    `There is no task "${taskId}".`,
    "codex_status without task_id lists the tasks; ids begin with codex-.",
  );
}

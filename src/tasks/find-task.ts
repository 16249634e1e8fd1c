import { AppError } from "#base/errors.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { findFolderFault, importTask } from "#store/tasks/import-tasks.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { isTaskId, parseRunId } from "#domain/names.ts";
import type { AppContext } from "./context.ts";

/**
 * Returns the task with this id from the index or, if the index does not have it, from its folder. Clients with the
 * Tasks extension show their models the id of a run, so the id of the newest run is accepted too.
 * @throws AppError `unknown_task`, `task_unreadable`
 */
export function getTask(context: AppContext, id: string): StoredTask {
  const named = parseRunId(id);
  const taskId = named?.taskId ?? id;
  const task = findTaskOrImport(context, taskId);
  if (task !== undefined && (named === undefined || named.run === task.record.run)) return task;
  if (task !== undefined) throw notTheNewest(id, task);
  const fault = context.store.isNewer ? undefined : findFolderFault(context.store, taskId);
  if (fault !== undefined) {
    throw new AppError("task_unreadable", `${taskId} cannot be read: ${fault.problem}`, fault.fix);
  }
  // A task that was just being claimed is in the index now.
  const claimed = findTaskOrImport(context, taskId);
  if (claimed !== undefined && named === undefined) return claimed;
  throw new AppError(
    "unknown_task",
    `There is no task "${taskId}".`,
    "Call codex_status without task_id to list tasks; ids start with codex-.",
  );
}

function notTheNewest(id: string, { record }: StoredTask): AppError {
  const hint = `Use ${record.task_id} for the newest run; files of earlier runs are in runs/ in the task's folder.`;
  return new AppError("unknown_task", `${id} is not the newest run of its task.`, hint);
}

/** Returns the task with this id as {@link getTask} finds it; undefined if there is none. */
export function findTaskOrImport({ store }: AppContext, taskId: string): StoredTask | undefined {
  if (!isTaskId(taskId)) return undefined;
  const known = findTask(store, taskId);
  if (known !== undefined) return known;
  if (!store.isNewer) importTask(store, taskId);
  return findTask(store, taskId);
}

import { AppError } from "#base/errors.ts";
import { readEarlierMeta } from "#store/tasks/meta-file.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { TaskRecord } from "#domain/record.ts";
import type { AppContext } from "./context.ts";
import { getTask } from "./find-task.ts";
import { reconcile } from "#tasks/end/reconcile.ts";

/**
 * Returns one run of a task in its actual state, even if the task has been run again since.
 * @throws AppError `unknown_task`
 */
export async function getRun(context: AppContext, taskId: string, run: number): Promise<TaskRecord> {
  const newest = getTask(context, taskId);
  if (newest.record.run === run) return reconcile(context, newest);
  const earlier = readEarlierMeta(taskPaths(context.config.home, taskId), run);
  if (earlier !== undefined) return earlier;
  throw new AppError(
    "unknown_task",
    `The task ${taskId} has no run ${run}.`,
    `Use a number from 1 to ${newest.record.run}.`,
  );
}

import type { Failure } from "#base/errors.ts";
import { importNewTasks, type UnreadableTask } from "#store/tasks/import-tasks.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "./context.ts";

export type { UnreadableTask } from "#store/tasks/import-tasks.ts";

/**
 * Lists tasks that cannot be read, each with what to do: folders that are not in the index and have no readable record,
 * and tasks whose state could not be determined. Imports tasks that have been added since into the index.
 * @param failed result of {@link reconcileAll}
 */
export function listUnreadable({ store, config }: AppContext, failed: ReadonlyMap<string, Failure>): UnreadableTask[] {
  const faults = store.isNewer ? [] : importNewTasks(store);
  for (const [task_id, { message, hint }] of failed) {
    faults.push({ task_id, path: taskPaths(config.home, task_id).folder, problem: message, fix: hint });
  }
  return faults;
}

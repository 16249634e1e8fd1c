import type { Failure } from "#base/errors.ts";
import { importNewTasks, type UnreadableTask } from "#store/tasks/import-tasks.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "./context.ts";

export type { UnreadableTask } from "#store/tasks/import-tasks.ts";

/**
 * Lists tasks that cannot be read, each with what to do: folders that no index knows and that hold no readable record, and
 * tasks whose state could not be worked out. Tasks that have come since are taken into the index.
 * @param failed what {@link reconcileAll} found
 */
export function listUnreadable({ store, config }: AppContext, failed: ReadonlyMap<string, Failure>): UnreadableTask[] {
  const faults = store.isNewer ? [] : importNewTasks(store);
  for (const [task_id, { message, hint }] of failed) {
    faults.push({ task_id, path: taskPaths(config.home, task_id).folder, problem: message, fix: hint });
  }
  return faults;
}

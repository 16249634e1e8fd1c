import type { CheckProgress } from "#domain/check.ts";
import type { TaskRecord } from "#domain/record.ts";
import { readCheckState } from "#store/tasks/check-state.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";
import { isCheckRunning } from "#tasks/follow/read-progress.ts";

/** Returns the field for the check of a task that is running; an empty object if it has none, or it has not begun. */
export function describeCheckOf({ config }: AppContext, task: TaskRecord): { check?: CheckProgress } {
  const { task_id, run, check_request: request, log_file } = task;
  if (request === undefined) return {};
  const last = readCheckState(taskPaths(config.home, task_id), run)?.outcome;
  if (isCheckRunning(log_file)) {
    return { check: { command: request.command, attempts: last?.attempts ?? 0, is_running: true } };
  }
  return last === undefined ? {} : { check: { ...last, is_running: false } };
}

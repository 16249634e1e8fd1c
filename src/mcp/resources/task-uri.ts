import { TASK_PARTS, type TaskPart } from "#tasks/follow/read-task-part.ts";
import { AppError } from "#base/errors.ts";

/** URI of the list of all tasks. */
export const TASKS_URI = "codex://tasks";

/** Resource that a `codex://` URI names. */
export type TaskUri = { taskId?: undefined } | { taskId: string; part: TaskPart };

/**
 * Parses the URI of a resource.
 * @throws AppError `nothing_to_read` if it is not a URI of this server
 */
export function parseTaskUri(uri: string): TaskUri {
  if (uri === TASKS_URI) return {};
  const [, taskId, name] = /^codex:\/\/tasks\/([^/?#]+)\/([a-z]+)$/.exec(uri) ?? [];
  const part = TASK_PARTS.find((each) => each === name);
  if (taskId !== undefined && part !== undefined) return { taskId, part };
  throw new AppError(
    "nothing_to_read",
    `There is no resource ${uri}.`,
    `There are ${TASKS_URI} and ${TASKS_URI}/<task_id>/${TASK_PARTS.join("|")}.`,
  );
}

/** Returns the URI of one part of a task. */
export function resourceUri(taskId: string, part: TaskPart): string {
  return `${TASKS_URI}/${taskId}/${part}`;
}

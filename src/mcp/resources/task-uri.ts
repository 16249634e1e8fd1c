import { TASK_PARTS, type TaskPart } from "#tasks/follow/read-task-part.ts";
import { AppError } from "#base/errors.ts";

/** The list of all tasks. */
export const TASKS_URI = "codex://tasks";

/** What a URI of ours names. */
export type TaskUri = { taskId?: undefined } | { taskId: string; part: TaskPart };

/**
 * Reads a resource's URI.
 * @throws AppError `nothing_to_read` where it is not one of ours
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

/** The URI of one part of a task. */
export function resourceUri(taskId: string, part: TaskPart): string {
  return `${TASKS_URI}/${taskId}/${part}`;
}

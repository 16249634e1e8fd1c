import { toErrorFields } from "#mcp/answers/respond.ts";
import { answerNote, toAnswer } from "#tasks/answer.ts";
import type { StartedTries } from "#tasks/start/start-tries.ts";
import { isEnded, type TaskRecord, visibleStatus, type VisibleStatus } from "#domain/record.ts";
import type { HandlerAnswer } from "#mcp/define-tool.ts";
import { withNotes } from "#mcp/former-server.ts";

/** Line of an answer about a task that was started. */
interface StartLine {
  task_id: string;
  status: VisibleStatus;
  topic: string;
  started_at: string;
  log_file: string;
  worktree_dir?: string;
  note?: string;
}

/** Returns the answer about a task that was started. */
export function startLine(task: TaskRecord): StartLine {
  return {
    task_id: task.task_id,
    status: visibleStatus(task),
    topic: task.topic,
    started_at: task.start_time,
    log_file: task.log_file,
    ...(task.worktree_dir !== undefined && { worktree_dir: task.worktree_dir }),
    ...answerNote(task),
  };
}

/** Try that could not be started, as an answer describes it. */
interface FailedStart {
  number: number;
  error: string;
  code: string;
  hint: string;
}

/** Returns the field for the tries that could not be started; an empty object if there are none. */
export function notStartedField({ notStarted }: StartedTries): { not_started?: FailedStart[] } {
  if (notStarted.length === 0) return {};
  return { not_started: notStarted.map(({ number, failure }) => ({ number, ...toErrorFields(failure) })) };
}

/** Returns the answer about tries that were started. It is an error if none is running or has succeeded. */
export function describeStart(started: StartedTries, notes: readonly string[]): HandlerAnswer {
  const { group, tasks } = started;
  const hasFailed = (task: TaskRecord) => isEnded(task) && task.status !== "completed";
  const data = {
    group,
    task_ids: tasks.map(({ task_id }) => task_id),
    tasks: tasks.map((task) => (isEnded(task) && hasFailed(task) ? toAnswer(task) : startLine(task))),
    ...notStartedField(started),
  };
  return { isError: tasks.every(hasFailed), data: withNotes<typeof data & { note?: string }>(data, notes) };
}

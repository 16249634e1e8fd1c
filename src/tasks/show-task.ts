import type { EventLine } from "#codex/run/describe.ts";
import type { CheckOutcome, CheckProgress } from "#domain/check.ts";
import type { MessageRecord } from "#domain/message.ts";
import { describeNotice, type NoticeChannel } from "#domain/end-notice.ts";
import { findNotices } from "#store/ends/record-end.ts";
import { taskPaths } from "#store/store-paths.ts";
import { listMessages } from "#store/tasks/inbox.ts";
import { queuePosition } from "#store/tasks/list-tasks.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import type { Question } from "#domain/question.ts";
import {
  elapsedSeconds,
  isEnded,
  openQuestions,
  type TaskRecord,
  visibleStatus,
  type VisibleStatus,
} from "#domain/record.ts";
import { describeQuotaWaitOf } from "#domain/waiting.ts";
import { answerNote, outcomeFields, type OutcomeFields, type WorktreeFields, worktreeFields } from "./answer.ts";
import type { AppContext } from "./context.ts";
import { describeTaskLine, type TaskLine } from "./list-tasks.ts";
import { type NamedGroup, resolveTask } from "./lookup.ts";
import { describeProgress, readEvents } from "#tasks/follow/read-progress.ts";
import { describeCheckOf } from "#tasks/check/check-progress.ts";
import { readRunUsage } from "./session-usage.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { describeElsewhere, describeUnresponsive } from "#tasks/end/task-life.ts";

/** Answer of `codex_status` for one task. */
export interface TaskDetail extends WorktreeFields, Omit<OutcomeFields, "check"> {
  task_id: string;
  mode: TaskRecord["mode"];
  status: VisibleStatus;
  topic: string;
  elapsed_seconds: number;
  cwd: string;
  sandbox: TaskRecord["sandbox"];
  log_file: string;
  /** Number of tokens that the run may use. */
  max_tokens?: number;
  /** Task that it is a fork of. */
  forks?: string;
  /** Name of the group of tries that it belongs to. */
  group?: string;
  /** Position in the queue, from 1; only while queued. */
  queue_position?: number;
  /** Open questions, which codex_send answers. */
  questions?: readonly Question[];
  /** Last check of the work, or the one that is running. */
  check?: CheckOutcome | CheckProgress;
  recent_events?: EventLine[];
  /** Value of `since_event` for the next call. */
  next_event?: number;
  log_tail?: string;
  last_event_at?: string;
  stalled?: string;
  note?: string;
  /** Messages to the task, oldest first, and what became of them. */
  messages?: MessageRecord[];
  /** Reports of its end that the configuration asks for, and what became of each. */
  notices?: Partial<Record<NoticeChannel, string>>;
}

/**
 * Returns the details of one task. Reads only the end of a running task's log, however long the log is.
 * @param sinceEvent position in the log, from an earlier answer's `next_event`
 * @param logBytes largest part of the log that a page of events covers
 * @throws AppError `unknown_task`
 */
export async function showTask(
  context: AppContext,
  taskId: string,
  sinceEvent?: number,
  logBytes?: number,
): Promise<TaskDetail> {
  const stored = resolveTask(context, taskId);
  const task = await reconcile(context, stored);
  const detail: TaskDetail = {
    task_id: task.task_id,
    mode: task.mode,
    status: visibleStatus(task),
    topic: task.topic,
    elapsed_seconds: elapsedSeconds(task),
    cwd: task.cwd,
    sandbox: task.sandbox,
    log_file: task.log_file,
    ...(task.max_tokens !== undefined && { max_tokens: task.max_tokens }),
    ...(task.forks !== undefined && { forks: task.forks }),
    ...(task.group !== undefined && { group: task.group.id }),
    ...worktreeFields(task),
    ...answerNote(task),
    ...messagesOf(context, task),
  };
  const wait = describeQuotaWaitOf(task);
  if (task.status === "queued") {
    return {
      ...detail,
      queue_position: queuePosition(context.store, task),
      ...(wait !== undefined && { stalled: wait }),
      ...notesOnPlace(context, stored, detail.note),
    };
  }
  const questions = openQuestions(task);
  if (questions.length > 0) detail.questions = questions;
  if (!isEnded(task)) {
    const run = describeRun(context, stored, sinceEvent, logBytes);
    return { ...detail, ...run, ...(wait !== undefined && { stalled: run.stalled ?? wait }) };
  }
  const events = sinceEvent === undefined ? {} : readEvents(task.log_file, sinceEvent, logBytes);
  return { ...detail, ...outcomeFields(task), ...noticesOf(context, task), ...events };
}

function noticesOf({ store }: AppContext, task: TaskRecord): Pick<TaskDetail, "notices"> {
  const notices = store.isNewer ? undefined : findNotices(store, task);
  if (notices === undefined) return {};
  const entries = Object.entries(notices).map(([channel, state]) => [channel, describeNotice(state)]);
  return { notices: Object.fromEntries(entries) };
}

/** Returns a line for each try of a group. */
export async function showGroup(
  context: AppContext,
  { id, taskIds }: NamedGroup,
): Promise<{ group: string; tasks: TaskLine[] }> {
  const tasks = taskIds.map((taskId) => describeTaskLine(context, resolveTask(context, taskId)));
  return { group: id, tasks: await Promise.all(tasks) };
}

function messagesOf({ config }: AppContext, task: TaskRecord): Pick<TaskDetail, "messages"> {
  const messages = isEnded(task) ? task.messages : listMessages(taskPaths(config.home, task.task_id));
  return messages === undefined || messages.length === 0 ? {} : { messages };
}

function describeRun(
  context: AppContext,
  stored: StoredTask,
  sinceEvent?: number,
  logBytes?: number,
): Partial<TaskDetail> {
  const { record } = stored;
  const usage = readRunUsage(context.config, record, stored.sessionId);
  const unresponsive = describeUnresponsive(context, stored);
  return {
    ...describeProgress(record.log_file, sinceEvent, logBytes),
    ...(usage !== undefined && { usage }),
    ...(stored.sessionId !== undefined && { session_id: stored.sessionId }),
    ...(unresponsive !== undefined && { stalled: unresponsive }),
    ...describeCheckOf(context, record),
    ...notesOnPlace(context, stored, answerNote(record).note),
  };
}

function notesOnPlace(context: AppContext, stored: StoredTask, note: string | undefined): { note?: string } {
  const elsewhere = describeElsewhere(context, stored);
  if (elsewhere === undefined) return {};
  return { note: note === undefined ? elsewhere.note : `${note} ${elsewhere.note}` };
}

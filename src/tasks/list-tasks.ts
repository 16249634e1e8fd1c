import { AppError, type Failure } from "#base/errors.ts";
import { resolve } from "node:path";
import { readPath, realPath } from "#base/paths.ts";
import { firstLine } from "#base/text.ts";
import { workspaceOf } from "#git/git-folders.ts";
import { readActivity } from "#tasks/follow/read-progress.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { queryTasks as readTasks, type TaskSummary } from "#store/tasks/list-tasks.ts";
import { summarizeQuestion } from "#domain/question.ts";
import { describeQuotaWaitOf } from "#domain/waiting.ts";
import {
  elapsedSeconds,
  isEnded,
  openQuestions,
  type TaskRecord,
  visibleStatus,
  type VisibleStatus,
} from "#domain/record.ts";
import type { AppContext } from "./context.ts";
import { reconcile, reconcileAll } from "#tasks/end/reconcile.ts";
import { describeElsewhere } from "#tasks/end/task-life.ts";
import { importNewTasks, type UnreadableTask } from "#store/tasks/import-tasks.ts";
import { taskPaths } from "#store/store-paths.ts";

/** Filter and page of a task list. */
export interface ListRequest {
  status?: VisibleStatus | undefined;
  /** Folder that tasks were started in. */
  cwd?: string | undefined;
  /** Folder whose repository tasks belong to. */
  project?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** Line of the list in an answer of `codex_status`. */
export interface TaskLine extends Pick<TaskSummary, "task_id" | "topic" | "status" | "mode" | "sandbox" | "cwd"> {
  started_at: string;
  elapsed_seconds: number;
  /** Name of the other container or host on which an unfinished task is running, if it is not running here. */
  running_on?: string;
  /** First line of the prompt. */
  asked?: string;
  /** First line of the result or error, or what Codex is doing. */
  outcome?: string;
}

/** Page of the list. */
export interface TaskPage {
  tasks: TaskLine[];
  /** Cursor of the next page; absent on the last page. */
  next_cursor?: string;
  /** Tasks that cannot be read or whose state cannot be determined. Only on the first page; absent if there are none. */
  unreadable?: UnreadableTask[];
}

/**
 * Lists tasks, newest first, one page at a time. Reads more than the index only for unfinished tasks that have lost
 * their supervisor. A fault of one task does not prevent the others from being listed.
 * @throws AppError `invalid_argument` for an invalid cursor
 */
export async function listTasks(context: AppContext, request: ListRequest): Promise<TaskPage> {
  const failed = await reconcileAll(context);
  const unreadable = request.cursor === undefined ? listUnreadable(context, failed) : [];
  const rows = readTasks(context.store, {
    limit: request.limit + 1,
    ...(request.status !== undefined && { status: request.status }),
    ...(request.cwd !== undefined && { cwd: resolve(readPath(request.cwd)) }),
    ...(request.project !== undefined && { workspace: workspaceOf(realPath(request.project)) }),
    ...(request.cursor !== undefined && { after: readCursor(request.cursor) }),
  });
  const page = rows.slice(0, request.limit);
  const last = page.at(-1);
  const tasks = page.map((row) => toLine(context, row, request.limit <= MAX_DESCRIBED));
  return {
    tasks,
    ...(rows.length > page.length && last !== undefined && { next_cursor: writeCursor(last) }),
    ...(unreadable.length > 0 && { unreadable }),
  };
}

/** Returns the line of the list for one task, in its actual state. */
export async function describeTaskLine(context: AppContext, stored: StoredTask): Promise<TaskLine> {
  const record = await reconcile(context, stored);
  const { task_id, topic, mode, sandbox, cwd, start_time } = record;
  const end_time = isEnded(record) ? record.end_time : undefined;
  const times = { start_time, end_time, elapsed_seconds: elapsedSeconds(record) };
  const status = visibleStatus(record);
  return toLine(context, { task_id, topic, status, mode, sandbox, cwd, ...times, seq: 0 }, true);
}

/** Longest page whose lines say what was asked and what came of it: that takes reading each record. */
const MAX_DESCRIBED = 50;

function toLine(
  context: AppContext,
  { start_time, end_time, seq: _seq, ...line }: TaskSummary,
  isDescribed: boolean,
): TaskLine {
  const stored = isDescribed || end_time === undefined ? findTask(context.store, line.task_id) : undefined;
  const elsewhere = stored === undefined || end_time !== undefined ? undefined : describeElsewhere(context, stored);
  return {
    ...line,
    started_at: start_time,
    ...(elsewhere !== undefined && { running_on: elsewhere.host }),
    ...(isDescribed && stored !== undefined && describeWork(stored.record)),
  };
}

function describeWork(record: TaskRecord): Pick<TaskLine, "asked" | "outcome"> {
  const { title: asked } = record;
  const outcome = isEnded(record)
    ? firstLine(record.status === "completed" ? record.result : record.error)
    : (openQuestions(record).map(summarizeQuestion)[0] ?? describeQuotaWaitOf(record) ?? readActivity(record.log_file));
  return { ...(asked !== undefined && { asked }), ...(outcome !== undefined && { outcome }) };
}

function writeCursor({ seq, task_id }: TaskSummary): string {
  return Buffer.from(`${seq} ${task_id}`).toString("base64url");
}

function readCursor(cursor: string): { seq: number; task_id: string } {
  const [, seq, task_id] = /^(\d{1,15}) (\S+)$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (seq !== undefined && task_id !== undefined) return { seq: Number(seq), task_id };
  throw new AppError(
    "invalid_argument",
    "The cursor is not valid.",
    "Pass next_cursor from the previous answer unchanged.",
  );
}

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

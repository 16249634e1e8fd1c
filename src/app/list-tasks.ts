import { secondsBetween } from "#lib/clock.ts";
import { AppError } from "#lib/errors.ts";
import { expandHome } from "#lib/paths.ts";
import { listTasks as readTasks, type TaskSummary } from "#store/list-tasks.ts";
import type { TaskStatus } from "#task/record.ts";
import type { AppContext } from "./context.ts";
import { reconcileLost } from "./reconcile.ts";

/** Which tasks are wanted. */
export interface ListRequest {
  status?: TaskStatus | undefined;
  cwd?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** A line of the list, as `codex_status` gives it. */
export interface TaskLine extends Pick<TaskSummary, "task_id" | "topic" | "status" | "mode" | "sandbox" | "cwd"> {
  started_at: string;
  elapsed_seconds: number;
}

/** A page of the list. */
export interface TaskPage {
  tasks: TaskLine[];
  /** Gives the next page; absent on the last. */
  next_cursor?: string;
}

/**
 * Tasks newest first, a page at a time. Only tasks that count as unfinished but have lost their
 * supervisor are looked at closer.
 * @throws AppError `invalid_argument` for a cursor that is not ours
 */
export async function listTasks(context: AppContext, request: ListRequest): Promise<TaskPage> {
  await reconcileLost(context);
  const rows = readTasks(context.store, {
    limit: request.limit + 1,
    ...(request.status !== undefined && { status: request.status }),
    ...(request.cwd !== undefined && { cwd: expandHome(request.cwd) }),
    ...(request.cursor !== undefined && { after: readCursor(request.cursor) }),
  });
  const page = rows.slice(0, request.limit);
  const last = page.at(-1);
  const tasks = page.map(toLine);
  return rows.length > page.length && last !== undefined ? { tasks, next_cursor: writeCursor(last) } : { tasks };
}

function toLine({ start_time, end_time, owner: _owner, ...line }: TaskSummary): TaskLine {
  return { ...line, started_at: start_time, elapsed_seconds: secondsBetween(start_time, end_time) };
}

function writeCursor({ start_time, task_id }: TaskSummary): string {
  return Buffer.from(`${start_time} ${task_id}`).toString("base64url");
}

function readCursor(cursor: string): { start_time: string; task_id: string } {
  const [start_time, task_id] = Buffer.from(cursor, "base64url").toString().split(" ");
  if (start_time !== undefined && task_id !== undefined) return { start_time, task_id };
  throw new AppError(
    "invalid_argument",
    "The cursor is not one of this server's.",
    "Pass next_cursor as it was given.",
  );
}

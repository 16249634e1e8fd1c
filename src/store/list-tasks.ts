import type { ProcessIdentity } from "#lib/process-identity.ts";
import type { Sandbox, TaskMode, TaskStatus, Usage } from "#task/record.ts";
import type { Store } from "./store.ts";
import { type StoredRow, STORED_COLUMNS, toStoredTask } from "./task-row.ts";

/** A line of the list of tasks. */
export interface TaskSummary {
  task_id: string;
  topic: string;
  status: TaskStatus;
  mode: TaskMode;
  sandbox: Sandbox;
  cwd: string;
  start_time: string;
  end_time: string | undefined;
  owner: ProcessIdentity | undefined;
}

/** Which tasks are wanted. */
export interface TaskFilter {
  status?: TaskStatus;
  cwd?: string;
  limit: number;
  /** The last task of the page before. */
  after?: { start_time: string; task_id: string };
}

interface SummaryRow extends Omit<TaskSummary, "end_time" | "owner"> {
  end_time: string | null;
  owner_pid: number | null;
  owner_start: string | null;
}

/** Tasks newest first, from the index alone: no task's folder is touched. */
export function listTasks(store: Store, filter: TaskFilter): TaskSummary[] {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const where = (condition: string, ...bound: (string | number)[]) => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (filter.status !== undefined) where("status = ?", filter.status);
  if (filter.cwd !== undefined) where("cwd = ?", filter.cwd);
  const { after } = filter;
  if (after !== undefined) where("(start_time, task_id) < (?, ?)", after.start_time, after.task_id);
  const rows = store.database
    .query<SummaryRow, (string | number)[]>(
      `SELECT task_id, topic, status, mode, sandbox, cwd, start_time, end_time, owner_pid, owner_start FROM tasks
       ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
       ORDER BY start_time DESC, task_id DESC LIMIT ?`,
    )
    .all(...values, filter.limit);
  return rows.map(toSummary);
}

/** Ids that begin with a text, newest task first. */
export function listTaskIds(store: Store, prefix: string, limit: number): string[] {
  return store.database
    .query<{ task_id: string }, [string, number, number]>(
      "SELECT task_id FROM tasks WHERE substr(task_id, 1, ?2) = ?1 ORDER BY start_time DESC, task_id DESC LIMIT ?3",
    )
    .all(prefix, prefix.length, limit)
    .map((row) => row.task_id);
}

/** How many tasks are in each state. */
export function countTasks(store: Store): Partial<Record<TaskStatus, number>> {
  const rows = store.database
    .query<{ status: TaskStatus; count: number }, []>("SELECT status, count(*) AS count FROM tasks GROUP BY status")
    .all();
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

/** The worktrees that tasks had, with the repository that each is of (its common git folder). */
export function listWorktreePlaces(store: Store): { worktree_dir: string; workspace: string }[] {
  return store.database
    .query<{ worktree_dir: string; workspace: string }, []>(
      "SELECT DISTINCT worktree_dir, workspace FROM tasks WHERE worktree_dir IS NOT NULL",
    )
    .all();
}

/** The task that worked in a worktree last. */
export function newestTaskIn(
  store: Store,
  worktreeDir: string,
): { task_id: string; status: TaskStatus; at: string } | undefined {
  const row = store.database
    .query<{ task_id: string; status: TaskStatus; at: string }, [string]>(
      "SELECT task_id, status, start_time AS at FROM tasks WHERE worktree_dir = ? ORDER BY start_time DESC LIMIT 1",
    )
    .get(worktreeDir);
  return row ?? undefined;
}

/** Unfinished tasks, however many: they are the ones whose truth may have to be worked out. */
export function listUnfinishedTasks(store: Store): TaskSummary[] {
  return [...listTasks(store, { status: "queued", limit: -1 }), ...listTasks(store, { status: "running", limit: -1 })];
}

/** The supervisors of unfinished runs, and their Codex processes. */
export function listRunProcesses(store: Store): ProcessIdentity[] {
  return store.database
    .query<ProcessIdentity, []>(
      `SELECT owner_pid AS pid, owner_start AS start FROM tasks WHERE status = 'running' AND owner_pid IS NOT NULL
       UNION SELECT codex_pid, codex_start FROM tasks WHERE status = 'running' AND codex_pid IS NOT NULL`,
    )
    .all();
}

/** A queued task's place in the queue, from 1. */
export function queuePosition(store: Store, task: { start_time: string; task_id: string }): number {
  const row = store.database
    .query<{ before: number }, [string, string]>(
      "SELECT count(*) AS before FROM tasks WHERE status = 'queued' AND (start_time, task_id) < (?, ?)",
    )
    .get(task.start_time, task.task_id);
  return (row?.before ?? 0) + 1;
}

/** The tokens that a Codex session had used when a task of ours last ended with it. */
export function lastSessionUsage(store: Store, sessionId: string): Usage | undefined {
  const rows = store.database
    .query<StoredRow, [string]>(
      `SELECT ${STORED_COLUMNS} FROM tasks WHERE session_id = ? AND end_time IS NOT NULL ORDER BY end_time DESC LIMIT 20`,
    )
    .all(sessionId);
  for (const row of rows) {
    const { record } = toStoredTask(row);
    if ("session_usage" in record && record.session_usage !== undefined) return record.session_usage;
  }
  return undefined;
}

function toSummary(row: SummaryRow): TaskSummary {
  const { end_time, owner_pid, owner_start, ...rest } = row;
  const owner = owner_pid === null || owner_start === null ? undefined : { pid: owner_pid, start: owner_start };
  return { ...rest, end_time: end_time ?? undefined, owner };
}

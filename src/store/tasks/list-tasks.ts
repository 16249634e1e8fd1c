import { realPathOfMissing } from "#base/paths.ts";
import { secondsBetween } from "#platform/clock.ts";
import type { ProcessAddress } from "#platform/process/identity.ts";
import type { Usage } from "#domain/usage.ts";
import {
  elapsedSeconds,
  type Sandbox,
  type TaskMode,
  type TaskRecord,
  type TaskStatus,
  type VisibleStatus,
} from "#domain/record.ts";
import type { Store } from "#store/store.ts";
import { parseAddress, type StoredRow, STORED_COLUMNS, type StoredTask, toStoredTask } from "./task-row.ts";
import { VISIBLE_STATUS } from "./visible-status.ts";

/** Entry of the list of tasks. */
export interface TaskSummary {
  task_id: string;
  topic: string;
  status: VisibleStatus;
  mode: TaskMode;
  sandbox: Sandbox;
  cwd: string;
  start_time: string;
  end_time: string | undefined;
  elapsed_seconds: number;
  /** Position in the order in which tasks were started. */
  seq: number;
}

/** Filter for the list of tasks. */
export interface TaskFilter {
  status?: VisibleStatus;
  /** Folder that tasks were started in, by its real path. */
  cwd?: string;
  /** Scope of topics: see the record's `workspace`. */
  workspace?: string;
  limit: number;
  /** Last task of the previous page. */
  after?: { seq: number; task_id: string };
}

interface SummaryRow extends Omit<TaskSummary, "end_time" | "elapsed_seconds"> {
  end_time: string | null;
  elapsed_seconds: number | null;
  /** Record of an unfinished task: its running time depends on more data than the columns have. */
  unfinished: string | null;
}

/** Lists tasks, newest first, from the index alone: no task's folder is read. */
export function queryTasks(store: Store, filter: TaskFilter): TaskSummary[] {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const where = (condition: string, ...bound: (string | number)[]) => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (filter.status !== undefined) where(`${VISIBLE_STATUS} = ?`, filter.status);
  if (filter.workspace !== undefined) where("workspace = ?", filter.workspace);
  if (filter.cwd !== undefined) {
    const names = listNamesOf(store, filter.cwd);
    where(`cwd IN (${names.map(() => "?").join(", ")})`, ...names);
  }
  const { after } = filter;
  if (after !== undefined) where("(seq, task_id) < (?, ?)", after.seq, after.task_id);
  const rows = store.database
    .query<SummaryRow, (string | number)[]>(
      `SELECT task_id, topic, ${VISIBLE_STATUS} AS status, mode, sandbox, cwd, start_time, end_time, elapsed_seconds, seq,
         CASE WHEN end_time IS NULL THEN record END AS unfinished FROM tasks
       ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}
       ORDER BY seq DESC, task_id DESC LIMIT ?`,
    )
    .all(...values, filter.limit);
  return rows.map(toSummary);
}

/** Returns the names by which tasks were started in a folder: through links, with `..`, or with a slash at the end. */
function listNamesOf(store: Store, folder: string): string[] {
  const real = realPathOfMissing(folder);
  const rows = store.database.query<{ cwd: string }, []>("SELECT DISTINCT cwd FROM tasks").all();
  return rows.map(({ cwd }) => cwd).filter((cwd) => realPathOfMissing(cwd) === real);
}

/** Lists task ids that begin with a prefix, newest task first. */
export function listTaskIds(store: Store, prefix: string, limit: number): string[] {
  return store.database
    .query<{ task_id: string }, [string, number, number]>(
      "SELECT task_id FROM tasks WHERE substr(task_id, 1, ?2) = ?1 ORDER BY seq DESC, task_id DESC LIMIT ?3",
    )
    .all(prefix, prefix.length, limit)
    .map((row) => row.task_id);
}

/** Lists the ids of tasks with a topic, newest task first: one for each repository that has it. */
export function listTopicIds(store: Store, topic: string, limit: number): string[] {
  return store.database
    .query<{ task_id: string }, [string, number]>(
      "SELECT task_id FROM tasks WHERE topic = ? ORDER BY seq DESC, task_id DESC LIMIT ?",
    )
    .all(topic, limit)
    .map((row) => row.task_id);
}

/** Largest version of a topic. */
const MAX_VERSION = 999_999_999;

/**
 * Returns the next free version of a topic in a workspace. The description keeps the spelling that tasks already have: some file systems do
 * not distinguish upper and lower case.
 */
export function nextFreeVersion(
  store: Store,
  workspace: string,
  { type, description }: { type: string; description: string },
): { description: string; version: number } {
  const prefix = `${type}-${description}-v`;
  const topics = store.database
    .query<{ topic: string }, [string, string, number]>(
      "SELECT topic FROM tasks WHERE workspace = ?1 AND lower(substr(topic, 1, ?3)) = lower(?2) ORDER BY seq DESC, task_id DESC",
    )
    .all(workspace, prefix, prefix.length)
    .map((row) => row.topic)
    .filter((topic) => /^\d+$/.test(topic.slice(prefix.length)));
  const versions = new Set(topics.map((topic) => Number(topic.slice(prefix.length))));
  let version = [...versions].reduce((highest, each) => Math.max(highest, each), 0) + 1;
  if (version > MAX_VERSION) for (version = 1; versions.has(version);) version++;
  const spelling = topics[0]?.slice(type.length + 1, prefix.length - "-v".length);
  return { description: spelling ?? description, version };
}

/** Lists the topics of a workspace's tasks: of all, or of the unfinished ones. */
export function listTopics(store: Store, workspace: string, areAll: boolean): string[] {
  return store.database
    .query<{ topic: string }, [string, boolean]>(
      "SELECT topic FROM tasks WHERE workspace = ? AND (? OR status IN ('queued', 'running'))",
    )
    .all(workspace, areAll)
    .map((row) => row.topic);
}

/** Returns the newest task of a Codex session; undefined if there is none. */
export function findBySession(store: Store, sessionId: string): StoredTask | undefined {
  const row = store.database
    .query<StoredRow, [string]>(
      `SELECT ${STORED_COLUMNS} FROM tasks WHERE session_id = ? ORDER BY seq DESC, task_id DESC LIMIT 1`,
    )
    .get(sessionId);
  return row === null ? undefined : toStoredTask(row);
}

/** Returns the number of tasks in each state. */
export function countTasks(store: Store): Partial<Record<VisibleStatus, number>> {
  const sql = `SELECT ${VISIBLE_STATUS} AS state, count(*) AS count FROM tasks GROUP BY state`;
  const rows = store.database.query<{ state: VisibleStatus; count: number }, []>(sql).all();
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

/** Lists the worktrees that tasks had, each with its repository (the common git folder). */
export function listWorktreePlaces(store: Store): { worktree_dir: string; workspace: string }[] {
  return store.database
    .query<{ worktree_dir: string; workspace: string }, []>(
      "SELECT DISTINCT worktree_dir, workspace FROM tasks WHERE worktree_dir IS NOT NULL",
    )
    .all();
}

/** Returns the task that last worked in a worktree. */
export function findNewestTaskIn(
  store: Store,
  worktreeDir: string,
): { task_id: string; status: TaskStatus; at: string } | undefined {
  const row = store.database
    .query<{ task_id: string; status: TaskStatus; at: string }, [string]>(
      "SELECT task_id, status, start_time AS at FROM tasks WHERE worktree_dir = ? ORDER BY seq DESC LIMIT 1",
    )
    .get(worktreeDir);
  return row ?? undefined;
}

/** Lists the ids of all unfinished tasks: only their actual state may have to be determined. */
export function listUnfinishedIds(store: Store): string[] {
  return store.database
    .query<{ task_id: string }, []>("SELECT task_id FROM tasks WHERE status IN ('queued', 'running') ORDER BY seq")
    .all()
    .map((row) => row.task_id);
}

/** Lists the supervisors of unfinished runs, and their Codex processes. */
export function listRunProcesses(store: Store): ProcessAddress[] {
  return store.database
    .query<{ address: string }, []>(
      `SELECT supervisor AS address FROM tasks WHERE status = 'running' AND supervisor IS NOT NULL
       UNION SELECT codex FROM tasks WHERE status = 'running' AND codex IS NOT NULL`,
    )
    .all()
    .flatMap(({ address }) => parseAddress(address) ?? []);
}

/** Lists the requests to daemons of the newest ended tasks: see the record's `daemon_requests`. */
export function listDaemonRequests(store: Store, limit: number): { task_id: string; requests: string[] }[] {
  return store.database
    .query<{ task_id: string; requests: string | null }, [number]>(
      `SELECT task_id, json_extract(record, '$.daemon_requests') AS requests FROM tasks
       WHERE end_time IS NOT NULL ORDER BY seq DESC LIMIT ?`,
    )
    .all(limit)
    .flatMap(({ task_id, requests }) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this program writes it
      requests === null ? [] : [{ task_id, requests: JSON.parse(requests) as string[] }],
    );
}

/** Returns a queued task's position in the queue, starting at 1. */
export function queuePosition(store: Store, task: { task_id: string }): number {
  const row = store.database
    .query<{ before: number }, [string]>(
      `SELECT count(*) AS before FROM tasks AS other, tasks AS own
       WHERE own.task_id = ? AND other.status = 'queued' AND (other.seq, other.task_id) < (own.seq, own.task_id)`,
    )
    .get(task.task_id);
  return (row?.before ?? 0) + 1;
}

/** Returns the tokens that a Codex session had used when one of our tasks last ended with it. */
export function findLastSessionUsage(store: Store, sessionId: string): Usage | undefined {
  const rows = store.database
    .query<StoredRow, [string]>(
      `SELECT ${STORED_COLUMNS} FROM tasks WHERE session_id = ? AND end_time IS NOT NULL ORDER BY seq DESC LIMIT 20`,
    )
    .all(sessionId);
  for (const row of rows) {
    const { record } = toStoredTask(row);
    if ("session_usage" in record && record.session_usage !== undefined) return record.session_usage;
  }
  return undefined;
}

function toSummary({ unfinished, elapsed_seconds, end_time, ...rest }: SummaryRow): TaskSummary {
  return {
    ...rest,
    end_time: end_time ?? undefined,
    elapsed_seconds:
      unfinished === null
        ? (elapsed_seconds ?? secondsBetween(rest.start_time, end_time ?? rest.start_time))
        : // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this program writes it, from a TaskRecord
          elapsedSeconds(JSON.parse(unfinished) as TaskRecord),
  };
}

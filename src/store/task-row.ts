import type { Database } from "bun:sqlite";
import type { ProcessIdentity } from "#lib/process-identity.ts";
import { isEnded, type TaskRecord } from "#task/record.ts";

/** A task as the index has it: the record, and the processes that it depends on. */
export interface StoredTask {
  record: TaskRecord;
  /** Who answers for it now: the process that starts it, then its supervisor. */
  owner: ProcessIdentity | undefined;
  /** The Codex process, once it is started. */
  codex: ProcessIdentity | undefined;
  isCancelRequested: boolean;
  /** Codex's session, from the moment that Codex has named it. */
  sessionId: string | undefined;
}

/** The columns that {@link toStoredTask} reads. */
export const STORED_COLUMNS = "record, owner_pid, owner_start, codex_pid, codex_start, cancel_requested, session_id";

/** A row of those columns. */
export interface StoredRow {
  record: string;
  owner_pid: number | null;
  owner_start: string | null;
  codex_pid: number | null;
  codex_start: string | null;
  cancel_requested: number;
  session_id: string | null;
}

/** A row as a task. */
export function toStoredTask(row: StoredRow): StoredTask {
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this program writes it, from a TaskRecord
    record: JSON.parse(row.record) as TaskRecord,
    owner: toIdentity(row.owner_pid, row.owner_start),
    codex: toIdentity(row.codex_pid, row.codex_start),
    isCancelRequested: row.cancel_requested === 1,
    sessionId: row.session_id ?? undefined,
  };
}

function toIdentity(pid: number | null, start: string | null): ProcessIdentity | undefined {
  return pid === null || start === null ? undefined : { pid, start };
}

/** Named parameters of a statement. */
export type Columns = Record<string, string | number | null>;

/** The columns that name a run and those that its state changes. */
export function stateColumns(record: TaskRecord): Columns {
  const ended = isEnded(record) ? record : undefined;
  return {
    task_id: record.task_id,
    run: record.run,
    status: record.status,
    session_id: ended?.session_id ?? record.resumes ?? null,
    end_time: ended?.end_time ?? null,
    record: JSON.stringify(record),
  };
}

function allColumns(record: TaskRecord): Columns {
  return {
    ...stateColumns(record),
    topic: record.topic,
    mode: record.mode,
    sandbox: record.sandbox,
    cwd: record.cwd,
    workspace: record.workspace,
    worktree_dir: record.worktree_dir ?? null,
    start_time: record.start_time,
  };
}

const COLUMNS = `task_id run status topic mode sandbox cwd workspace worktree_dir session_id start_time end_time record`;
const NAMES = COLUMNS.split(" ");

const PLACES = NAMES.map((name) => `$${name}`).join(", ");

/** Puts a task into the index unless one of its id is there; a row in a busy worktree is left out too. */
export function insertTask(database: Database, record: TaskRecord): void {
  database.query(`INSERT OR IGNORE INTO tasks (${NAMES.join(", ")}) VALUES (${PLACES})`).run(allColumns(record));
}

/** Puts a task into the index in place of an earlier run of its id, owned by `owner`. */
export function replaceTask(database: Database, record: TaskRecord, owner: ProcessIdentity): void {
  database
    .query(
      `INSERT OR REPLACE INTO tasks (${NAMES.join(", ")}, owner_pid, owner_start)
       VALUES (${PLACES}, $owner_pid, $owner_start)`,
    )
    .run({ ...allColumns(record), owner_pid: owner.pid, owner_start: owner.start });
}

import type { Database } from "bun:sqlite";
import * as v from "valibot";
import type { Failure } from "#base/errors.ts";
import type { ProcessAddress } from "#platform/process/identity.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";

/** End of a run's Codex, recorded immediately: the following steps (hooks, git, an audit) may take long. */
export interface CodexEnd {
  exitCode?: number | undefined;
  signal?: string | undefined;
  /** Reason why this server ended it, if it did. */
  stopped?: Failure | undefined;
}

/** Task in the index: its record, and the processes that it depends on. */
export interface StoredTask {
  record: TaskRecord;
  /** Newest supervisor, the only process that is ever sent a signal; it may have died. */
  supervisor: ProcessAddress | undefined;
  /** Codex process, once it has started. */
  codex: ProcessAddress | undefined;
  /** Set if Codex has ended and the end of the run is not recorded yet. */
  codexEnd: CodexEnd | undefined;
  isCancelRequested: boolean;
  /** Codex session, once Codex has reported it. */
  sessionId: string | undefined;
}

/** Columns that {@link toStoredTask} reads. */
export const STORED_COLUMNS = "record, supervisor, codex, codex_end, cancel_requested, session_id";

/** Row of those columns. */
export interface StoredRow {
  record: string;
  supervisor: string | null;
  codex: string | null;
  codex_end: string | null;
  cancel_requested: number;
  session_id: string | null;
}

/** Converts a row to a task. */
export function toStoredTask(row: StoredRow): StoredTask {
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this program writes it, from a TaskRecord
    record: JSON.parse(row.record) as TaskRecord,
    supervisor: parseAddress(row.supervisor),
    codex: parseAddress(row.codex),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this program writes it
    codexEnd: row.codex_end === null ? undefined : (JSON.parse(row.codex_end) as CodexEnd),
    isCancelRequested: row.cancel_requested === 1,
    sessionId: row.session_id ?? undefined,
  };
}

const AddressSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ pid: v.number(), start: v.string(), host: v.string(), boot: v.string(), namespace: v.string() }),
);

/** Parses an address from a column; undefined if there is none. */
export function parseAddress(column: string | null): ProcessAddress | undefined {
  const parsed = v.safeParse(AddressSchema, column);
  return parsed.success ? parsed.output : undefined;
}

/** Named parameters of a statement. */
export type Columns = Record<string, string | number | null>;

/** Returns the columns that identify a run and those that its state changes. */
export function stateColumns(record: TaskRecord): Columns {
  const ended = isEnded(record) ? record : undefined;
  return {
    task_id: record.task_id,
    run: record.run,
    status: record.status,
    session_id: ended?.session_id ?? record.resumes ?? null,
    end_time: ended?.end_time ?? null,
    elapsed_seconds: ended?.elapsed_seconds ?? null,
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
    client_key: record.client_key ?? null,
  };
}

const COLUMNS =
  "task_id run status topic mode sandbox cwd workspace worktree_dir session_id start_time end_time elapsed_seconds record client_key";
const NAMES = COLUMNS.split(" ");

const PLACES = NAMES.map((name) => `$${name}`).join(", ");

/** SQL expression for the next sequence number: the order in which tasks were claimed, independent of the clock. */
const NEXT_SEQ = "(SELECT coalesce(max(seq), 0) + 1 FROM tasks)";

/** Inserts a task into the index unless its id exists; a row in a busy worktree is skipped too. */
export function insertTask(database: Database, record: TaskRecord): void {
  database
    .query(`INSERT OR IGNORE INTO tasks (${NAMES.join(", ")}, seq) VALUES (${PLACES}, ${NEXT_SEQ})`)
    .run(allColumns(record));
}

/** Inserts a task into the index, replacing an earlier run with its id. */
export function replaceTask(database: Database, record: TaskRecord): void {
  database
    .query(`INSERT OR REPLACE INTO tasks (${NAMES.join(", ")}, seq) VALUES (${PLACES}, ${NEXT_SEQ})`)
    .run(allColumns(record));
}

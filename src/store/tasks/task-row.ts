import type { Database } from "bun:sqlite";
import * as v from "valibot";
import type { Failure } from "#base/errors.ts";
import type { ProcessAddress } from "#platform/process/identity.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";

/** How a run's Codex ended, noted as soon as it has: what comes after (hooks, git, an audit) may take long. */
export interface CodexEnd {
  exitCode?: number | undefined;
  signal?: string | undefined;
  /** Why this server ended it, where it did. */
  stopped?: Failure | undefined;
}

/** A task as the index has it: the record, and the processes that it depends on. */
export interface StoredTask {
  record: TaskRecord;
  /** Its newest supervisor, the only process that is ever sent a signal; it need not live. */
  supervisor: ProcessAddress | undefined;
  /** The Codex process, once it is started. */
  codex: ProcessAddress | undefined;
  /** Set where Codex has ended and the end of the run is not written yet. */
  codexEnd: CodexEnd | undefined;
  isCancelRequested: boolean;
  /** Codex's session, from the moment that Codex has named it. */
  sessionId: string | undefined;
}

/** The columns that {@link toStoredTask} reads. */
export const STORED_COLUMNS = "record, supervisor, codex, codex_end, cancel_requested, session_id";

/** A row of those columns. */
export interface StoredRow {
  record: string;
  supervisor: string | null;
  codex: string | null;
  codex_end: string | null;
  cancel_requested: number;
  session_id: string | null;
}

/** Returns a row as a task. */
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

/** Returns an address of a column; undefined where there is none. */
export function parseAddress(column: string | null): ProcessAddress | undefined {
  const parsed = v.safeParse(AddressSchema, column);
  return parsed.success ? parsed.output : undefined;
}

/** Named parameters of a statement. */
export type Columns = Record<string, string | number | null>;

/** Returns the columns that name a run and those that its state changes. */
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
  };
}

const COLUMNS =
  "task_id run status topic mode sandbox cwd workspace worktree_dir session_id start_time end_time elapsed_seconds record";
const NAMES = COLUMNS.split(" ");

const PLACES = NAMES.map((name) => `$${name}`).join(", ");

/** One more than the newest task's: the order in which tasks were claimed, whatever the clock said. */
const NEXT_SEQ = "(SELECT coalesce(max(seq), 0) + 1 FROM tasks)";

/** Puts a task into the index unless one of its id is there; a row in a busy worktree is left out too. */
export function insertTask(database: Database, record: TaskRecord): void {
  database
    .query(`INSERT OR IGNORE INTO tasks (${NAMES.join(", ")}, seq) VALUES (${PLACES}, ${NEXT_SEQ})`)
    .run(allColumns(record));
}

/** Puts a task into the index in place of an earlier run of its id. */
export function replaceTask(database: Database, record: TaskRecord): void {
  database
    .query(`INSERT OR REPLACE INTO tasks (${NAMES.join(", ")}, seq) VALUES (${PLACES}, ${NEXT_SEQ})`)
    .run(allColumns(record));
}

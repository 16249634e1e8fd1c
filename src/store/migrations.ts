import type { Database } from "bun:sqlite";

/**
 * Migrations of the schema, oldest first. A released migration is never changed: new ones are appended. `PRAGMA user_version` counts the
 * migrations applied to a database.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE tasks (
    task_id      TEXT PRIMARY KEY,
    run          INTEGER NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    topic        TEXT NOT NULL,
    mode         TEXT NOT NULL,
    sandbox      TEXT NOT NULL,
    cwd          TEXT NOT NULL,
    workspace    TEXT NOT NULL,
    worktree_dir TEXT,
    session_id   TEXT,
    start_time   TEXT NOT NULL,
    end_time     TEXT,
    owner_pid    INTEGER,
    owner_start  TEXT,
    codex_pid    INTEGER,
    codex_start  TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    record       TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tasks_newest_first ON tasks (start_time DESC, task_id DESC);
  CREATE INDEX tasks_by_status ON tasks (status, start_time DESC);
  CREATE INDEX tasks_by_session ON tasks (session_id, start_time DESC);
  CREATE UNIQUE INDEX one_task_per_worktree ON tasks (worktree_dir)
    WHERE worktree_dir IS NOT NULL AND status IN ('queued', 'running');

  CREATE TABLE worktrees (
    worktree_dir TEXT PRIMARY KEY,
    agent_branch TEXT NOT NULL,
    base_branch  TEXT,
    base_commit  TEXT NOT NULL
  ) STRICT;

  CREATE TABLE locks (
    name        TEXT PRIMARY KEY,
    token       TEXT NOT NULL,
    owner_pid   INTEGER NOT NULL,
    owner_start TEXT NOT NULL
  ) STRICT;
  `,
  // Whether this server created them (older rows do not say), the branch's last merged commit with the resulting commit, and the
  // repository: a worktree outlives its tasks.
  `
  ALTER TABLE worktrees ADD COLUMN made_here INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE worktrees ADD COLUMN merged_tip TEXT;
  ALTER TABLE worktrees ADD COLUMN merged_commit TEXT;
  ALTER TABLE worktrees ADD COLUMN workspace TEXT;
  `,
  // Orders by a number instead of the wall clock, which may jump. Processes with the host, boot and PID namespace in which their pids are
  // meaningful, the supervisor's separate from Codex's; the older columns (owner_…, codex_…) are no longer filled, but kept for running
  // supervisors of older versions. Codex's end, recorded before any step that can take long.
  `
  ALTER TABLE tasks ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE tasks ADD COLUMN supervisor TEXT;
  ALTER TABLE tasks ADD COLUMN codex TEXT;
  ALTER TABLE tasks ADD COLUMN codex_end TEXT;
  ALTER TABLE tasks ADD COLUMN elapsed_seconds REAL;
  UPDATE tasks SET seq = numbered.place FROM
    (SELECT task_id, row_number() OVER (ORDER BY start_time, task_id) AS place FROM tasks) AS numbered
    WHERE numbered.task_id = tasks.task_id;
  DROP INDEX tasks_newest_first;
  DROP INDEX tasks_by_status;
  DROP INDEX tasks_by_session;
  CREATE INDEX tasks_newest_first ON tasks (seq DESC, task_id DESC);
  CREATE INDEX tasks_by_status ON tasks (status, seq DESC);
  CREATE INDEX tasks_by_session ON tasks (session_id, seq DESC);
  DROP TABLE locks;
  `,
  // The client that started a task. Ends of runs: whether they were reported to that client, and which notices (a command, a webhook) are still to
  // be given; a table of their own, because the next run of a task replaces its row. Tokens by run and day, which outlive their tasks.
  `
  ALTER TABLE tasks ADD COLUMN client_key TEXT;
  CREATE INDEX unfinished_by_client ON tasks (client_key) WHERE client_key IS NOT NULL AND end_time IS NULL;
  CREATE TABLE ends (
    task_id    TEXT NOT NULL,
    run        INTEGER NOT NULL,
    end_time   TEXT NOT NULL,
    status     TEXT NOT NULL,
    topic      TEXT NOT NULL,
    outcome    TEXT,
    client_key TEXT,
    reported   INTEGER NOT NULL,
    command    TEXT,
    webhook    TEXT,
    is_open    INTEGER NOT NULL,
    PRIMARY KEY (task_id, run)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX unreported_ends ON ends (client_key) WHERE reported = 0;
  CREATE INDEX open_notices ON ends (end_time) WHERE is_open = 1;
  CREATE TABLE token_use (
    task_id          TEXT NOT NULL,
    run              INTEGER NOT NULL,
    day              TEXT NOT NULL,
    input_tokens     INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL,
    output_tokens    INTEGER NOT NULL,
    reasoning_output_tokens INTEGER NOT NULL,
    PRIMARY KEY (day, task_id, run)
  ) STRICT, WITHOUT ROWID;
  `,
];

/**
 * Returns whether a database has no schema at all: then it is an empty file put in the index's place, since new indexes are moved there
 * complete.
 */
export function hasNoSchema(database: Database): boolean {
  return schemaVersion(database) === 0;
}

/** Returns whether a database has migrations that this version does not know. */
export function isNewerSchema(database: Database): boolean {
  return schemaVersion(database) > MIGRATIONS.length;
}

/** Migrates a database to this version's schema; safe if several processes do it at once. */
export function migrate(database: Database): void {
  if (schemaVersion(database) >= MIGRATIONS.length) return;
  database
    .transaction(() => {
      for (const [index, statements] of MIGRATIONS.entries()) {
        if (index < schemaVersion(database)) continue;
        database.run(statements);
        database.run(`PRAGMA user_version = ${index + 1}`);
      }
    })
    .immediate();
}

function schemaVersion(database: Database): number {
  return database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}

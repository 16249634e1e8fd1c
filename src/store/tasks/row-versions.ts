import type { Database } from "bun:sqlite";
import type { Store } from "#store/store.ts";

/** Task in the index, with a text that changes with its row. */
export interface RowVersion {
  task_id: string;
  worktree_dir: string | null;
  status: string;
  /** Position in the order in which tasks were started; a further run of a task has a new one. */
  seq: number;
  version: string;
}

/** Numbers of the connections whose versions were read. */
const connections = new WeakMap<Database, number>();
let connectionCount = 0;

/** Returns a text that changes with the index: comparing it costs less than reading any row. */
export function readIndexVersion({ database }: Pick<Store, "database">): string {
  // The first counts the changes of other connections, the second those of this one.
  const other = database.query<{ data_version: number }, []>("PRAGMA data_version").get();
  const own = database.query<{ own: number }, []>("SELECT total_changes() AS own").get();
  // Both begin anew if the index is replaced, which opens another connection.
  connections.set(database, connections.get(database) ?? ++connectionCount);
  return `${connections.get(database)} ${other?.data_version ?? 0} ${own?.own ?? 0}`;
}

/** Records of ended tasks change in length or not at all, so that reading them is not necessary. */
const VERSION = `CASE WHEN end_time IS NULL
  THEN record || coalesce(supervisor, '') || coalesce(session_id, '') || coalesce(codex, '')
  ELSE octet_length(record) END`;

/** Lists all unfinished tasks, and the newest of the others. @param limit largest number of the others */
export function listRowVersions({ database }: Pick<Store, "database">, limit: number): RowVersion[] {
  const columns = `task_id, worktree_dir, status, seq, seq || ' ' || run || ' ' || status || ' ' || ${VERSION} AS version`;
  return database
    .query<RowVersion, [number]>(
      `SELECT ${columns} FROM tasks WHERE end_time IS NULL
       UNION ALL
       SELECT * FROM (SELECT ${columns} FROM tasks WHERE end_time IS NOT NULL ORDER BY seq DESC, task_id DESC LIMIT ?)`,
    )
    .all(limit);
}

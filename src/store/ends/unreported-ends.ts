import type { EndedTask } from "#domain/record.ts";
import type { Store } from "#store/store.ts";
import type { RunKey } from "./record-end.ts";

/** End of a task that was not reported to the client that started it. */
export interface UnreportedEnd extends RunKey {
  topic: string;
  status: EndedTask["status"];
  /** First line of its result or error. */
  outcome: string | null;
  client_key: string;
}

/** Time to wait for another process's write, in milliseconds: an answer waits for this. What could not be marked is reported later. */
const MARK_TIMEOUT_MS = 250;

/**
 * Returns the ends of a client's tasks that were not reported to it, newest first, and marks them as reported in the same statement: of two
 * servers of one client, only one gets an end.
 * @param except ids of runs that are left for other answers
 */
export function takeUnreportedEnds(store: Store, clientKey: string, except: readonly string[]): UnreportedEnd[] {
  const isAny = store.database
    .query<object, [string]>("SELECT 1 FROM ends WHERE client_key = ? AND reported = 0 LIMIT 1")
    .get(clientKey);
  if (isAny === null || store.isNewer) return [];
  return withShortTimeout(store, () =>
    store.writable
      .query<UnreportedEnd & { end_time: string }, [string, string]>(
        `UPDATE ends SET reported = 1 WHERE client_key = ? AND reported = 0
         AND task_id || '.' || run NOT IN (SELECT value FROM json_each(?))
         RETURNING task_id, run, topic, status, outcome, client_key, end_time`,
      )
      .all(clientKey, JSON.stringify(except))
      .toSorted((a, b) => (a.end_time < b.end_time ? 1 : -1))
      .map(({ end_time: _, ...end }) => end),
  );
}

/** Marks an end as reported to the client that started the task: an answer of another kind does. */
export function markReported(store: Store, clientKey: string, { task_id, run }: RunKey): void {
  if (store.isNewer) return;
  withShortTimeout(store, () =>
    store.writable
      .query("UPDATE ends SET reported = 1 WHERE task_id = ? AND run = ? AND client_key = ? AND reported = 0")
      .run(task_id, run, clientKey),
  );
}

/** Returns the end of a run if it was not reported to its client. */
export function findUnreportedEnd(store: Store, { task_id, run }: RunKey): UnreportedEnd | undefined {
  return (
    store.database
      .query<UnreportedEnd, [string, number]>(
        "SELECT task_id, run, topic, status, outcome, client_key FROM ends WHERE task_id = ? AND run = ? AND reported = 0",
      )
      .get(task_id, run) ?? undefined
  );
}

/** Lists the unfinished runs that a client has started. */
export function listUnfinishedOf(store: Store, clientKey: string): RunKey[] {
  return store.database
    .query<RunKey, [string]>("SELECT task_id, run FROM tasks WHERE client_key = ? AND end_time IS NULL")
    .all(clientKey);
}

/** Calls a function whose statements wait only a short time for the writes of other processes. */
function withShortTimeout<T>({ database }: Store, work: () => T): T {
  const { timeout } = database.query<{ timeout: number }, []>("PRAGMA busy_timeout").get() ?? { timeout: 10_000 };
  database.run(`PRAGMA busy_timeout = ${MARK_TIMEOUT_MS}`);
  try {
    return work();
  } finally {
    database.run(`PRAGMA busy_timeout = ${timeout}`);
  }
}

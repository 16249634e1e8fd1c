import { firstLine } from "#base/text.ts";
import { isOpenNotice, type EndNotices, type NoticeChannel, type NoticeState } from "#domain/end-notice.ts";
import type { EndedTask } from "#domain/record.ts";
import type { Store } from "#store/store.ts";

/** One run of a task. */
export interface RunKey {
  task_id: string;
  run: number;
}

/** Notices of a run that has ended. */
export interface EndNoticesOfRun extends RunKey {
  notices: EndNotices;
}

const PENDING = JSON.stringify({ state: "pending" } satisfies NoticeState);

/**
 * Records an end that is to be reported to the client, or that notices are wanted for, within the transaction that ends the task. The task's
 * own row cannot hold it, because the next run replaces that.
 */
export function recordEndedRun({ database, wantedNotices }: Store, task: EndedTask): void {
  const { task_id, run, end_time, status, topic, client_key = null } = task;
  if (client_key === null && wantedNotices.length === 0) return;
  const outcome = firstLine(task.status === "completed" ? task.result : task.error) ?? null;
  const wanted = (channel: NoticeChannel) => (wantedNotices.includes(channel) ? PENDING : null);
  database
    .query(
      `INSERT OR REPLACE INTO ends (task_id, run, end_time, status, topic, outcome, client_key, reported, command, webhook, is_open)
       VALUES ($task_id, $run, $end_time, $status, $topic, $outcome, $client_key, $reported, $command, $webhook, $is_open)`,
    )
    .run({
      task_id,
      run,
      end_time,
      status,
      topic,
      outcome,
      client_key,
      reported: client_key === null ? 1 : 0,
      command: wanted("command"),
      webhook: wanted("webhook"),
      is_open: wantedNotices.length > 0 ? 1 : 0,
    });
}

/** Time for which an end of a forgotten task is kept for its client, in milliseconds. */
const KEEP_UNREPORTED_MS = 90 * 24 * 3_600_000;

/** Removes the ends of a forgotten task. Those that were not reported to their client stay for a while, and say enough without the record. */
export function forgetReportedEnds({ database }: Store, taskId: string): void {
  database.query("DELETE FROM ends WHERE task_id = ? AND reported = 1").run(taskId);
  database
    .query(
      "DELETE FROM ends WHERE end_time < ? AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.task_id = ends.task_id)",
    )
    .run(new Date(Date.now() - KEEP_UNREPORTED_MS).toISOString());
}

interface NoticeRow extends RunKey {
  command: string | null;
  webhook: string | null;
}

/** Returns the notices of a run's end; undefined if none were wanted. */
export function findNotices(store: Store, { task_id, run }: RunKey): EndNotices | undefined {
  const row = store.database
    .query<NoticeRow, [string, number]>(
      "SELECT task_id, run, command, webhook FROM ends WHERE task_id = ? AND run = ? AND coalesce(command, webhook) IS NOT NULL",
    )
    .get(task_id, run);
  return row === null ? undefined : toNotices(row).notices;
}

/** Lists the ends whose notices are still to be given, oldest first; at most `limit`. */
export function listOpenNotices(store: Store, limit: number): EndNoticesOfRun[] {
  return store.database
    .query<NoticeRow, [number]>(
      "SELECT task_id, run, command, webhook FROM ends WHERE is_open = 1 ORDER BY end_time LIMIT ?",
    )
    .all(limit)
    .map(toNotices);
}

/** Lists the newest ends with notices. */
export function listRecentNotices(store: Store, limit: number): EndNoticesOfRun[] {
  return store.database
    .query<NoticeRow, [number]>(
      `SELECT task_id, run, command, webhook FROM ends WHERE coalesce(command, webhook) IS NOT NULL
       ORDER BY end_time DESC LIMIT ?`,
    )
    .all(limit)
    .map(toNotices);
}

/**
 * Records what became of the notices of a run's end. The caller holds the lock of the notices.
 * @throws the storage's error; nothing is recorded then
 */
export function recordNotices({ writable }: Store, { task_id, run }: RunKey, notices: EndNotices): void {
  const isOpen = isOpenNotice(notices.command) || isOpenNotice(notices.webhook);
  const column = (notice: NoticeState | undefined) => (notice === undefined ? null : JSON.stringify(notice));
  writable
    .query("UPDATE ends SET command = ?, webhook = ?, is_open = ? WHERE task_id = ? AND run = ?")
    .run(column(notices.command), column(notices.webhook), isOpen ? 1 : 0, task_id, run);
}

function toNotices({ task_id, run, command, webhook }: NoticeRow): EndNoticesOfRun {
  const parse = (column: string): NoticeState => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this program writes it
    return JSON.parse(column) as NoticeState;
  };
  return {
    task_id,
    run,
    notices: {
      ...(command !== null && { command: parse(command) }),
      ...(webhook !== null && { webhook: parse(webhook) }),
    },
  };
}

import { secondsBetween } from "#platform/clock.ts";
import type { MessageRecord } from "#domain/message.ts";
import type { TaskRecord, TaskStatus } from "#domain/record.ts";
import type { Store } from "#store/store.ts";
import { type RunPeriod, type RunSummary, summarizeRun, timeOutOfQueue } from "./run-summary.ts";

interface RunRow {
  task_id: string;
  run: number;
  status: TaskStatus;
  topic: string;
  workspace: string;
  start_time: string;
  end_time: string | null;
  elapsed_seconds: number | null;
  host: string | null;
  /** Record of an unfinished run. */
  unfinished: string | null;
  /** Facts of the record of an ended one, as a list. */
  facts: string | null;
}

type Facts = [
  title: string | null,
  model: string | null,
  running_since: string | null,
  waiting_since: string | null,
  messages: MessageRecord[] | null,
];

const FACTS = "json_extract(record, '$.title', '$.model', '$.running_since', '$.waiting_since', '$.messages')";

/** Condition for runs between two times. Columns of times come before the record, so that rows of other times cost next to nothing. */
const BETWEEN = "start_time <= $to AND (end_time IS NULL OR end_time >= $from)";

/** Lists the newest runs of tasks that lie, at least in part, between two times. @returns also the number of all of them */
export function listRunsBetween(
  store: Store,
  { from, to }: RunPeriod,
  limit: number,
): { runs: RunSummary[]; total: number } {
  const rows = store.database
    .query<RunRow, { from: string; to: string; limit: number }>(
      `SELECT task_id, run, status, topic, workspace, start_time, end_time, elapsed_seconds,
         CASE WHEN json_valid(supervisor) THEN json_extract(supervisor, '$.host') END AS host,
         CASE WHEN end_time IS NULL THEN record END AS unfinished,
         CASE WHEN end_time IS NOT NULL THEN ${FACTS} END AS facts
       FROM tasks WHERE ${BETWEEN} ORDER BY start_time DESC LIMIT $limit`,
    )
    .all({ from, to, limit });
  return {
    runs: rows.map(toSummaryOfRow),
    total: rows.length < limit ? rows.length : countBetween(store, { from, to }),
  };
}

function countBetween(store: Store, { from, to }: RunPeriod): number {
  const query = store.database.query<{ count: number }, { from: string; to: string }>(
    `SELECT count(*) AS count FROM tasks WHERE ${BETWEEN}`,
  );
  return query.get({ from, to })?.count ?? 0;
}

/** Facts about a run that are counted. */
export type CountedRun = Pick<
  RunSummary,
  "task_id" | "run" | "workspace" | "model" | "status" | "end_time" | "elapsed_seconds"
>;

type CountedRow = Omit<RunRow, "topic" | "host" | "facts"> & { model: string | null };

/** Lists the runs of tasks that ended after a time or have not ended, in any order. Of ten thousand, this takes a third of the time of a list with all facts. */
export function listCountedRuns(store: Store, from: string): CountedRun[] {
  const rows = store.database
    .query<CountedRow, { from: string }>(
      `SELECT task_id, run, status, workspace, start_time, end_time, elapsed_seconds,
         CASE WHEN end_time IS NULL THEN record END AS unfinished,
         json_extract(record, '$.model') AS model
       FROM tasks WHERE end_time IS NULL OR end_time >= $from`,
    )
    .all({ from });
  return rows.map(({ task_id, run, status, workspace, start_time, end_time, elapsed_seconds, unfinished, model }) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this program writes it, from a TaskRecord
    if (unfinished !== null) return summarizeRun(JSON.parse(unfinished) as TaskRecord);
    const seconds = elapsed_seconds ?? secondsBetween(start_time, end_time ?? start_time);
    const end = end_time ?? start_time;
    return { task_id, run, workspace, model: model ?? undefined, status, end_time: end, elapsed_seconds: seconds };
  });
}

/** Lists the ids of tasks that have had earlier runs, whose current run began after a time: only then may earlier ones have ended after it. */
export function listRestarted(store: Store, from: string): { task_id: string; run: number }[] {
  return store.database
    .query<{ task_id: string; run: number }, [string]>(
      "SELECT task_id, run FROM tasks WHERE run > 1 AND start_time >= ? ORDER BY start_time DESC",
    )
    .all(from);
}

function toSummaryOfRow({ unfinished, facts, host, ...row }: RunRow): RunSummary {
  if (unfinished !== null) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this program writes it, from a TaskRecord
    return { ...summarizeRun(JSON.parse(unfinished) as TaskRecord), host: host ?? undefined };
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the list of FACTS, of a record that only this program writes
  const [title, model, running_since, waiting_since, messages] = JSON.parse(facts ?? "[]") as Partial<Facts>;
  const { task_id, run, status, topic, workspace, start_time } = row;
  const end_time = row.end_time ?? start_time;
  const times = {
    status,
    start_time,
    ...(typeof running_since === "string" && { running_since }),
    ...(typeof waiting_since === "string" && { waiting_since }),
  };
  return {
    task_id,
    run,
    topic,
    title: title ?? undefined,
    workspace,
    model: model ?? undefined,
    status,
    start_time,
    left_queue: timeOutOfQueue(times),
    end_time,
    elapsed_seconds: row.elapsed_seconds ?? secondsBetween(start_time, end_time),
    host: host ?? undefined,
    messages: messages ?? [],
  };
}

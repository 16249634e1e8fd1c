import type { MessageRecord } from "#domain/message.ts";
import { elapsedSeconds, isEnded, type TaskRecord, visibleStatus, type VisibleStatus } from "#domain/record.ts";

/** Run of a task without its result: what lists of many runs need. */
export interface RunSummary {
  task_id: string;
  run: number;
  topic: string;
  title: string | undefined;
  workspace: string;
  model: string | undefined;
  status: VisibleStatus;
  start_time: string;
  /** Time at which it left the queue; undefined if it never did, or has not yet. */
  left_queue: string | undefined;
  end_time: string | undefined;
  elapsed_seconds: number;
  /** Host of its supervisor; undefined if not known. */
  host: string | undefined;
  /** Messages of a run that has ended. */
  messages: readonly MessageRecord[];
}

/** Runs that lie, at least in part, between two times. */
export interface RunPeriod {
  from: string;
  to: string;
}

/** Returns the summary of a record. */
export function summarizeRun(record: TaskRecord): RunSummary {
  const { task_id, run, topic, title, workspace, model, start_time } = record;
  return {
    task_id,
    run,
    topic,
    title,
    workspace,
    model,
    status: visibleStatus(record),
    start_time,
    left_queue: timeOutOfQueue(record),
    end_time: isEnded(record) ? record.end_time : undefined,
    elapsed_seconds: elapsedSeconds(record),
    host: undefined,
    messages: isEnded(record) ? (record.messages ?? []) : [],
  };
}

/** Returns the time at which a run left the queue. Records of other programs do not say it: they have no queue. */
export function timeOutOfQueue({
  status,
  start_time,
  running_since,
  waiting_since,
}: Pick<TaskRecord, "status" | "start_time" | "running_since" | "waiting_since">): string | undefined {
  if (running_since !== undefined) return running_since;
  return status === "queued" || waiting_since !== undefined ? undefined : start_time;
}

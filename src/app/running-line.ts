import { secondsBetween } from "#lib/clock.ts";
import { queuePosition } from "#store/list-tasks.ts";
import { findTask } from "#store/claim-task.ts";
import type { TaskRecord } from "#task/record.ts";
import type { AppContext } from "./context.ts";
import { readActivity } from "./read-progress.ts";

/** An unfinished task in a line. */
export interface RunningLine {
  task_id: string;
  status: TaskRecord["status"];
  elapsed_seconds: number;
  /** From 1, while queued. */
  queue_position?: number;
  /** The last thing that Codex did. */
  activity?: string;
}

/** What an unfinished task is doing. */
export function describeRunning({ store }: AppContext, task: TaskRecord): RunningLine {
  const { task_id, status, start_time, log_file } = findTask(store, task.task_id)?.record ?? task;
  const line = { task_id, status, elapsed_seconds: secondsBetween(start_time) };
  if (status === "queued") return { ...line, queue_position: queuePosition(store, task) };
  const activity = readActivity(log_file);
  return { ...line, ...(activity !== undefined && { activity }) };
}

/** The same in a few words, without times: what says nothing new stays the same. */
export function describeActivity({ store }: AppContext, task: TaskRecord): string {
  if (task.status === "queued") return `queued, place ${queuePosition(store, task)}`;
  return readActivity(task.log_file) ?? "Codex is starting";
}

import { dirname, join } from "node:path";
import { describeEvent, type EventLine } from "#codex/run/describe.ts";
import { parseEvent } from "#codex/run/event.ts";
import { AppError } from "#base/errors.ts";
import { LineReader } from "#platform/files/json-lines.ts";
import { pathExists } from "#base/paths.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { EndedTask, TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { readEventTimes } from "./event-times.ts";
import { waitForTask } from "./wait-for-tasks.ts";

/** Line of a run's log: as Codex wrote it, and in words if it describes an event. */
export interface LogLine {
  raw: string;
  event: EventLine | undefined;
  /** Time at which it was written, if known. */
  time: Date | undefined;
}

/**
 * Returns the path of a run's log, by default that of the current run.
 * @throws AppError `invalid_argument` if there is no such run
 */
export function logOfRun({ config }: AppContext, task: TaskRecord, run: number | undefined): string {
  if (run === undefined || run === task.run) return task.log_file;
  const path = join(taskPaths(config.home, task.task_id).runs, String(run), "codex-exec.log");
  if (pathExists(path)) return path;
  throw new AppError(
    "invalid_argument",
    `${task.task_id} has no run ${run}, or the log of that run was removed.`,
    `Use a number from 1 to ${task.run}.`,
  );
}

/**
 * Yields all lines that a log has now, including a last line without a line feed.
 * @param limit longest description of an event, see {@link describeEvent}
 */
export function* readLog(path: string, limit?: number): Generator<LogLine> {
  const reader = new LineReader(path);
  const times = readEventTimes(path);
  yield* readNew(reader, times, limit);
  const rest = reader.rest();
  if (rest !== "") yield toLogLine(rest, times(Number.POSITIVE_INFINITY), limit);
}

/**
 * Shows a run's log, at first what it has now, then what is appended until the task has ended.
 * @param limit longest description of an event, see {@link describeEvent}
 */
export async function followLog(
  context: AppContext,
  task: TaskRecord,
  show: (lines: Iterable<LogLine>) => void,
  limit?: number,
): Promise<EndedTask> {
  const reader = new LineReader(task.log_file);
  show(readNew(reader, readEventTimes(task.log_file), limit));
  const showNew = () => show(readNew(reader, () => new Date(), limit));
  const watch = watchFolder(dirname(task.log_file), (name) => name === "codex-exec.log", showNew);
  try {
    const ended = await waitForTask(context, task);
    showNew();
    return ended;
  } finally {
    watch.close();
  }
}

function* readNew(
  reader: LineReader,
  times: (offset: number) => Date | undefined,
  limit: number | undefined,
): Generator<LogLine> {
  let offset = 0;
  for (const line of reader.read()) {
    offset += Buffer.byteLength(line) + 1;
    yield toLogLine(line, times(offset), limit);
  }
}

function toLogLine(raw: string, time: Date | undefined, limit: number | undefined): LogLine {
  const event = parseEvent(raw);
  return { raw, event: event === undefined ? undefined : describeEvent(event, limit), time };
}

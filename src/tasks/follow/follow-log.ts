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
import { waitForTask } from "./wait-for-tasks.ts";

/** Line of a run's log: as Codex wrote it, and in words if it describes an event. */
export interface LogLine {
  raw: string;
  event: EventLine | undefined;
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

/** Yields all lines that a log has now, including a last line without a line feed. */
export function* readLog(path: string): Generator<LogLine> {
  const reader = new LineReader(path);
  yield* readNew(reader);
  const rest = reader.rest();
  if (rest !== "") yield toLogLine(rest);
}

/** Shows a run's log from the beginning, and what is appended until the task has ended. */
export async function followLog(
  context: AppContext,
  task: TaskRecord,
  show: (lines: Iterable<LogLine>) => void,
): Promise<EndedTask> {
  const reader = new LineReader(task.log_file);
  const showNew = () => show(readNew(reader));
  showNew();
  const watch = watchFolder(dirname(task.log_file), (name) => name === "codex-exec.log", showNew);
  try {
    const ended = await waitForTask(context, task);
    showNew();
    return ended;
  } finally {
    watch.close();
  }
}

function* readNew(reader: LineReader): Generator<LogLine> {
  for (const line of reader.read()) yield toLogLine(line);
}

function toLogLine(raw: string): LogLine {
  const event = parseEvent(raw);
  return { raw, event: event === undefined ? undefined : describeEvent(event) };
}

import { runTask } from "#tasks/supervise/run-task.ts";
import { AppError } from "#base/errors.ts";
import { startLogging } from "#base/log.ts";
import { becomeSubreaper } from "#platform/process/subreaper.ts";
import { isTaskId } from "#domain/names.ts";
import type { Input } from "#cli/framework/command.ts";
import { makePane } from "#cli/terminal/pane.ts";

interface RunTaskOptions {
  home: string | undefined;
  run: string | undefined;
}

/** Supervises one task: `run-task <id> --home <state folder> --run <number>`. The server starts it, not a person. */
export async function runTaskCommand({ options, operands }: Input<RunTaskOptions>): Promise<number> {
  const [taskId] = operands;
  const run = Number(options.run);
  const isComplete = taskId !== undefined && isTaskId(taskId) && options.home !== undefined && Number.isInteger(run);
  if (!isComplete || options.home === undefined) {
    const hint = "The server starts it by itself.";
    throw new AppError("invalid_argument", "run-task needs a task id, --home and --run.", hint);
  }
  becomeSubreaper();
  startLogging(process.env["CODEXMCP_LOG_LEVEL"]);
  const ended = await runTask({ home: options.home, taskId, run }, makePane());
  return ended === undefined || ended.status === "completed" ? 0 : 1;
}

import { runTask } from "#app/run-task.ts";
import { AppError } from "#lib/errors.ts";
import { startLogging } from "#lib/log.ts";
import { becomeSubreaper } from "#lib/subreaper.ts";
import { isTaskId } from "#task/names.ts";
import type { Input } from "./command.ts";
import { makePane } from "./pane.ts";

/** The supervisor of one task: `run-task <id> --home <state folder>`. Started by the server, not by people. */
export async function runTaskCommand({ options, operands }: Input<{ home: string | undefined }>): Promise<number> {
  const [taskId] = operands;
  if (taskId === undefined || !isTaskId(taskId) || options.home === undefined) {
    throw new AppError("invalid_argument", "run-task needs a task id and --home.", "The server starts it by itself.");
  }
  becomeSubreaper();
  startLogging(process.env["CODEXMCP_LOG_LEVEL"]);
  const ended = await runTask(options.home, taskId, makePane());
  return ended === undefined || ended.status === "completed" ? 0 : 1;
}

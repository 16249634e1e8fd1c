import { parseArgs } from "node:util";
import { runTask } from "#app/run-task.ts";
import { AppError } from "#lib/errors.ts";
import { startLogging } from "#lib/log.ts";
import { isTaskId } from "#task/names.ts";
import { makePane } from "./pane.ts";

/** The supervisor of one task: `run-task <id> --home <state folder>`. Started by the server, not by people. */
export async function runTaskCommand(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { home: { type: "string" } },
  });
  const [taskId] = positionals;
  if (taskId === undefined || !isTaskId(taskId) || values.home === undefined) {
    throw new AppError("invalid_argument", "run-task needs a task id and --home.", "The server starts it by itself.");
  }
  startLogging(process.env["CODEXMCP_LOG_LEVEL"]);
  const ended = await runTask(values.home, taskId, makePane());
  return ended === undefined || ended.status === "completed" ? 0 : 1;
}

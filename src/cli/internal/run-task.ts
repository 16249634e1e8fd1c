import { runTask } from "#tasks/supervise/run-task.ts";
import { AppError } from "#base/errors.ts";
import { startLogging } from "#base/log.ts";
import { becomeSubreaper } from "#platform/process/subreaper.ts";
import { isTaskId } from "#domain/names.ts";
import { defineCommand, ONE_TASK } from "#cli/framework/command.ts";
import { makePane } from "#cli/terminal/pane.ts";

/** Supervises one task: `run-task <id> --home <state folder> --run <number>`. The server starts it. */
export const runTaskCommand = defineCommand({
  name: "run-task",
  summary: "Supervise a task",
  operands: ONE_TASK,
  options: {
    home: { type: "string", placeholder: "folder", summary: "State folder" },
    run: { type: "count", placeholder: "number", summary: "Number of the task's run" },
  },
  examples: [],
  run: async ({ options: { home, run }, operands: [taskId] }) => {
    if (taskId === undefined || !isTaskId(taskId) || home === undefined || run === undefined) {
      throw new AppError(
        "invalid_argument",
        "run-task needs a task id, --home and --run.",
        "Do not run it yourself: the server starts it.",
      );
    }
    becomeSubreaper();
    startLogging(process.env["CODEXMCP_LOG_LEVEL"]);
    const ended = await runTask({ home, taskId, run }, makePane());
    return ended === undefined || ended.status === "completed" ? 0 : 1;
  },
});

import { readConfig } from "#base/config.ts";
import { AppError } from "#base/errors.ts";
import { startLogging } from "#base/log.ts";
import { openContextForTask } from "#tasks/context.ts";
import { giveNotices } from "#tasks/notices/give-notices.ts";
import { isTaskId } from "#domain/names.ts";
import { defineCommand, ONE_TASK } from "#cli/framework/command.ts";

/** Gives the notices of a task's end: `end-hook <id> --home <state folder> --run <number>`. A supervisor, or any reader, starts it. */
export const endHookCommand = defineCommand({
  name: "end-hook",
  summary: "Report the end of a task by CODEXMCP_ON_END and CODEXMCP_WEBHOOK",
  operands: ONE_TASK,
  options: {
    home: { type: "string", placeholder: "folder", summary: "State folder" },
    run: { type: "count", placeholder: "number", summary: "Number of the task's run" },
  },
  examples: [],
  run: async ({ options: { home, run }, operands: [taskId = ""] }) => {
    if (!isTaskId(taskId) || home === undefined || run === undefined) {
      throw new AppError(
        "invalid_argument",
        "end-hook needs a task id, --home and --run.",
        "Do not run it yourself: the server starts it.",
      );
    }
    startLogging(process.env["CODEXMCP_LOG_LEVEL"]);
    await giveNotices(openContextForTask({ ...readConfig(process.env), home }), { task_id: taskId, run });
    return 0;
  },
});

import { cancelTask } from "#tasks/end/cancel-task.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { isEnded } from "#domain/record.ts";
import { defineCommand, TASKS } from "#cli/framework/command.ts";
import { describeEnd } from "#cli/terminal/format-task.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { printLines } from "#cli/terminal/output.ts";
import { compose, join, paint } from "#cli/terminal/style.ts";

export const cancelCommand = defineCommand({
  name: "cancel",
  aliases: ["kill", "stop"],
  group: "tasks",
  summary: "Cancel tasks and stop all their processes",
  details: "Keeps the worktree, branch and log of each task.",
  operands: TASKS,
  examples: [["cancel implement-parser-v1", "Cancel a task and wait until its last process has ended"]],
  run: async ({ operands }) => {
    const context = openCommandContext();
    // All names are resolved first: if one is wrong, nothing is stopped.
    const stored = operands.map((name) => resolveTask(context, name));
    for (const { record } of stored) {
      const { record: task, note } = await cancelTask(context, record.task_id);
      const end = isEnded(task) ? describeEnd(task) : [task.status, ...(note === undefined ? [] : [note])];
      const already = isEnded(record) ? " (it had already ended)" : "";
      printLines([compose`${paint(task.task_id, "bold")}: ${join(end, ", ")}${already}`]);
    }
    return 0;
  },
});

import { cancelTasks, checkAllCancelled } from "#tasks/end/cancel-tasks.ts";
import { resolveTasks } from "#tasks/lookup.ts";
import { isEnded } from "#domain/record.ts";
import { defineCommand, TASKS_OR_GROUPS } from "#cli/framework/command.ts";
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
  operands: TASKS_OR_GROUPS,
  examples: [["cancel implement-parser-v1", "Cancel a task and wait until its last process has ended"]],
  run: async ({ operands }) => {
    const context = openCommandContext();
    // All names are resolved first: if one is wrong, nothing is stopped.
    const stored = operands.flatMap((name) => resolveTasks(context, name));
    const hadEnded = new Set(stored.filter(({ record }) => isEnded(record)).map(({ record }) => record.task_id));
    const ids = [...new Set(stored.map(({ record }) => record.task_id))];
    const cancelled = await cancelTasks(context, ids);
    for (const { record: task, note } of cancelled.outcomes) {
      const end = isEnded(task) ? describeEnd(task) : [task.status, ...(note === undefined ? [] : [note])];
      const already = hadEnded.has(task.task_id) ? " (it had already ended)" : "";
      printLines([compose`${paint(task.task_id, "bold")}: ${join(end, ", ")}${already}`]);
    }
    checkAllCancelled(cancelled);
    return 0;
  },
});

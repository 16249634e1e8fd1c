import { EXIT_TIMED_OUT } from "./run-and-report.ts";
import { toAnswer } from "#tasks/answer.ts";
import { reportQuestions } from "./report-questions.ts";
import { readTaskCollisions } from "#worktrees/collisions/collision-fields.ts";
import { findTasks, waitAtMost } from "#tasks/follow/wait-for-tasks.ts";
import { type EndedTask, isEnded } from "#domain/record.ts";
import { defineCommand, TASKS_OR_GROUPS } from "#cli/framework/command.ts";
import { describeEnd } from "#cli/terminal/format-task.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { printErrors, printJson, printLines } from "#cli/terminal/output.ts";
import { notifyPerson } from "#cli/terminal/notify.ts";
import { withCommandHints } from "#base/command-hints.ts";
import { compose, join, paint } from "#cli/terminal/style.ts";

export const waitCommand = defineCommand({
  name: "wait",
  group: "tasks",
  summary: "Wait until tasks have ended",
  details: "Exits with 0 if the tasks were completed, 1 if one was not, and 124 after the timeout.",
  operands: TASKS_OR_GROUPS,
  options: {
    any: { type: "boolean", summary: "Wait only until one of them has ended" },
    timeout: { type: "duration", short: "t", summary: "Wait no longer than this, for example 90s, 15m or 2h" },
    json: { type: "boolean", summary: "Print the results of the ended tasks as JSON" },
  },
  examples: [["wait implement-parser-v1 implement-lexer-v1 && make", "Run make after both tasks are completed"]],
  run: async ({ options, operands }) => {
    const timeoutMs = (options.timeout ?? Number.POSITIVE_INFINITY) * 1000;
    const context = openCommandContext();
    const waited = await findTasks(context, operands);
    const ended: EndedTask[] = [];
    const over = new AbortController();
    for (const task of waited) void reportQuestions(context, task, over.signal);
    const waits = waited.map(async (task) => {
      const end = await waitAtMost(context, task, timeoutMs);
      if (end === undefined || (options.any && ended.length > 0)) return;
      ended.push(end);
      if (!isEnded(task)) notifyPerson(end);
      if (!options.json) printLines([compose`${paint(end.task_id, "bold")}: ${join(describeEnd(end), ", ")}`]);
    });
    await (options.any ? Promise.race(waits) : Promise.all(waits));
    over.abort();
    if (options.json) {
      const collisions = await readTaskCollisions(context, ended, true);
      printJson(ended.map((task) => withCommandHints({ ...toAnswer(task), ...collisions.get(task.task_id) })));
    }
    if (ended.length < (options.any ? 1 : waited.length)) {
      const rest = waited.filter((task) => !ended.some((end) => end.task_id === task.task_id));
      printErrors([`not ended: ${rest.map((task) => task.task_id).join(", ")}`]);
      return EXIT_TIMED_OUT;
    }
    return ended.every((task) => task.status === "completed") ? 0 : 1;
  },
});

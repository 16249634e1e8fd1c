import { followLog, type LogLine, logOfRun, readLog } from "#tasks/follow/follow-log.ts";
import { getRun, resolveTask } from "#tasks/lookup.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { type EndedTask, isEnded } from "#domain/record.ts";
import { toCommandHint } from "#base/command-hints.ts";
import { defineCommand, ONE_TASK } from "#cli/framework/command.ts";
import { describeEnd, formatEvent } from "#cli/terminal/format-task.ts";
import { formatTimeOfDay } from "#base/format-values.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { printLines } from "#cli/terminal/output.ts";
import { compose, hangingIndent, paint, type Text, withoutControls } from "#cli/terminal/style.ts";

export const logsCommand = defineCommand({
  name: "logs",
  aliases: ["log"],
  group: "tasks",
  summary: "Show what Codex did in a task",
  operands: ONE_TASK,
  options: {
    follow: { type: "boolean", short: "f", summary: "Keep printing until the task has ended" },
    full: { type: "boolean", summary: "Print whole messages, and the whole output of commands" },
    raw: { type: "boolean", summary: "Print the JSON lines that Codex wrote" },
    lines: { type: "count", short: "n", summary: "Print only the last lines; with --follow, these and all new ones" },
    run: { type: "count", placeholder: "number", summary: "Show an earlier run of the task" },
  },
  examples: [
    ["logs -f implement-parser-v1", "Follow a running task"],
    ["logs --full review-auth-v1", "Show everything that its commands printed"],
    ["logs --raw review-auth-v1 | jq .type", "Pass the events to another program"],
  ],
  run: async ({ options, operands: [name = ""] }) => {
    const context = openCommandContext();
    const task = await reconcile(context, resolveTask(context, name));
    const path = logOfRun(context, task, options.run);
    const format = options.raw ? formatRaw : formatReadable;
    const limit = options.full ? Number.POSITIVE_INFINITY : undefined;
    let shown = task;
    if (!options.follow || isEnded(task) || path !== task.log_file) {
      showLines(readLog(path, limit), format, options.lines);
      if (path !== task.log_file) shown = await getRun(context, task.task_id, options.run ?? task.run);
    } else {
      let count = options.lines;
      const show = (lines: Iterable<LogLine>) => {
        showLines(lines, format, count);
        count = undefined;
      };
      shown = await followLog(context, task, show, limit);
    }
    if (!options.raw && isEnded(shown)) printLines(["", ...describeRunEnd(shown)]);
    return 0;
  },
});

function describeRunEnd(task: EndedTask): Text[] {
  const lines = describeEnd(task);
  return task.status === "failed"
    ? [...lines, hangingIndent(withoutControls(toCommandHint(task.hint, task.task_id)))]
    : lines;
}

function showLines(
  lines: Iterable<LogLine>,
  format: (line: LogLine) => Text | undefined,
  count: number | undefined,
): void {
  const last: Text[] = [];
  for (const line of lines) {
    const text = format(line);
    if (text === undefined) continue;
    if (count === undefined) printLines([text]);
    else if (last.push(text) > count) last.shift();
  }
  if (last.length > 0) printLines(last);
}

function formatRaw({ raw }: LogLine): string {
  return raw;
}

function formatReadable({ event, time }: LogLine): Text | undefined {
  if (event === undefined) return undefined;
  if (time === undefined) {
    const { text, style } = formatEvent(event);
    return paint(text, style);
  }
  const at = `${formatTimeOfDay(time)} `;
  const { text, style } = formatEvent(event, " ".repeat(at.length));
  return compose`${paint(at, "dim")}${paint(text, style)}`;
}

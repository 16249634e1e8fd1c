import { followLog, type LogLine, logOfRun, readLog } from "#tasks/follow/follow-log.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { isEnded } from "#domain/record.ts";
import { defineCommand, ONE_TASK } from "#cli/framework/command.ts";
import { describeEnd, formatEvent } from "#cli/terminal/format-task.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { printLines } from "#cli/terminal/output.ts";
import { paint, type Text } from "#cli/terminal/style.ts";

export const logsCommand = defineCommand({
  name: "logs",
  group: "tasks",
  summary: "Show what Codex did in a task",
  operands: ONE_TASK,
  options: {
    follow: { type: "boolean", short: "f", summary: "Keep printing until the task has ended" },
    raw: { type: "boolean", summary: "Print the JSON lines that Codex wrote" },
    lines: { type: "count", short: "n", summary: "Print only the last lines" },
    run: { type: "count", placeholder: "number", summary: "Show an earlier run of the task" },
  },
  examples: [
    ["logs -f implement-parser-v1", "Follow a running task"],
    ["logs --raw review-auth-v1 | jq .type", "Pass the events to another program"],
  ],
  run: async ({ options, operands: [name = ""] }) => {
    const context = openCommandContext();
    const task = await reconcile(context, resolveTask(context, name));
    const path = logOfRun(context, task, options.run);
    const format = options.raw ? formatRaw : formatReadable;
    if (!options.follow || isEnded(task) || path !== task.log_file) {
      showLines(readLog(path), format, options.lines);
    } else {
      const ended = await followLog(context, task, (lines) => showLines(lines, format, undefined));
      if (!options.raw) printLines(["", ...describeEnd(ended)]);
    }
    return 0;
  },
});

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

function formatReadable({ event }: LogLine): Text | undefined {
  if (event === undefined) return undefined;
  const { text, style } = formatEvent(event);
  return paint(text, style);
}

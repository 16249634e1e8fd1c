import { followLog, type LogLine, logOfRun, readLog } from "#tasks/follow/follow-log.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { isEnded } from "#domain/record.ts";
import type { Input } from "#cli/framework/command.ts";
import { describeEnd } from "#cli/terminal/describe-end.ts";
import { formatEvent } from "#cli/terminal/event-lines.ts";
import { readCount } from "#cli/framework/option-values.ts";
import { openCommandContext } from "#cli/terminal/open.ts";
import { printLines } from "#cli/terminal/output.ts";
import { paint, type Text } from "#cli/terminal/style.ts";

interface LogsOptions {
  follow: boolean;
  raw: boolean;
  lines: string | undefined;
  run: string | undefined;
}

/** Shows what Codex did in a run, in words or as Codex wrote it; with `--follow` until the task has ended. */
export async function logs({ options, operands }: Input<LogsOptions>): Promise<number> {
  const context = openCommandContext();
  const task = await reconcile(context, resolveTask(context, operands[0] ?? ""));
  const run = readCount("--run", options.run);
  const path = logOfRun(context, task, run);
  const format = options.raw ? formatRaw : formatReadable;
  const count = readCount("--lines", options.lines);
  if (!options.follow || isEnded(task) || path !== task.log_file) {
    showLines(readLog(path), format, count);
  } else {
    const ended = await followLog(context, task, (lines) => showLines(lines, format, undefined));
    if (!options.raw) printLines(["", ...describeEnd(ended)]);
  }
  return 0;
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

function formatReadable({ event }: LogLine): Text | undefined {
  if (event === undefined) return undefined;
  const { text, style } = formatEvent(event);
  return paint(text, style);
}

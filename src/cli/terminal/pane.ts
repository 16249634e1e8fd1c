import type { RunObserver } from "#tasks/supervise/supervise-run.ts";
import { ignoreTerminalSignals } from "#platform/terminal.ts";
import type { RunningTask } from "#domain/record.ts";
import { describeEnd, formatEvent } from "./format-task.ts";
import { formatTimeOfDay } from "#base/format-values.ts";
import { isTerminal, printWithoutWaiting } from "./output.ts";
import { compose, paint, type Style, type Text } from "./style.ts";

/** Creates an observer that shows a run in its tmux session; it prints nothing if there is no terminal. */
export function makePane(): RunObserver {
  if (!isTerminal()) return { started: () => {}, event: () => {}, ended: () => {} };
  ignoreTerminalSignals();
  const show = (text: Text, style: Style = "plain") => printWithoutWaiting([paint(text, style)]);
  return {
    started: (task) => describeStart(task).forEach((line, index) => show(line, index === 0 ? "bold" : "dim")),
    event: (event) => {
      const time = formatTimeOfDay(new Date());
      const { text, style } = formatEvent(event, " ".repeat(time.length + 1));
      show(compose`${time} ${text}`, style);
    },
    ended: (task) => ["", ...describeEnd(task)].forEach((line) => show(line)),
  };
}

function describeStart(task: RunningTask): string[] {
  return [
    `${task.task_id} (${task.sandbox}, run ${task.run})`,
    `in ${task.run_dir}${task.agent_branch === undefined ? "" : ` on ${task.agent_branch}`}`,
    `log ${task.log_file}`,
    "Press the tmux prefix, then d, to detach. Closing the session cancels the task, and so does Ctrl-C if this window takes keys.",
    "",
  ];
}

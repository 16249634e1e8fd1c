import type { RunObserver } from "#app/supervise-run.ts";
import { keepOutputFlowing } from "#lib/terminal.ts";
import type { RunningTask } from "#task/record.ts";
import { describeEnd } from "./describe-end.ts";
import { formatEvent } from "./event-lines.ts";
import { paint, type Style } from "./style.ts";

/** Shows a run to whoever attaches to its tmux session; silent where there is no terminal. */
export function makePane(): RunObserver {
  if (!process.stdout.isTTY) return { started: () => {}, event: () => {}, ended: () => {} };
  keepOutputFlowing();
  // Not print(): a terminal that stands still must not hold the run up.
  const show = (text: string, style: Style = "plain") => void process.stdout.write(`${paint(text, style)}\n`);
  return {
    started: (task) => describeStart(task).forEach((line, index) => show(line, index === 0 ? "bold" : "dim")),
    event: (event) => {
      const time = clockTime();
      const { text, style } = formatEvent(event, " ".repeat(time.length + 1));
      show(`${time} ${text}`, style);
    },
    ended: (task) => ["", ...describeEnd(task)].forEach((line) => show(line)),
  };
}

function describeStart(task: RunningTask): string[] {
  return [
    `${task.task_id} (${task.sandbox}, run ${task.run})`,
    `in ${task.run_dir}${task.agent_branch === undefined ? "" : ` on ${task.agent_branch}`}`,
    `log ${task.log_file}`,
    "Ctrl-C here, or ending this session, cancels the task. Detach: prefix, then d.",
    "",
  ];
}

function clockTime(): string {
  return new Date().toTimeString().slice(0, 8);
}

import type { RunObserver } from "#app/supervise-run.ts";
import type { EventLine } from "#codex/describe.ts";
import { secondsBetween } from "#lib/clock.ts";
import { keepOutputFlowing } from "#lib/terminal.ts";
import type { EndedTask, RunningTask } from "#task/record.ts";

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "plain";

const CODES: Record<Style, string> = {
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  cyan: "36",
  plain: "0",
};

const MARKS: Record<EventLine["type"], { mark: string; style: Style }> = {
  text: { mark: "●", style: "plain" },
  thinking: { mark: "·", style: "dim" },
  plan: { mark: "☰", style: "cyan" },
  command: { mark: "$", style: "bold" },
  tool_call: { mark: "✎", style: "yellow" },
  tool_result: { mark: " ", style: "dim" },
  error: { mark: "!", style: "red" },
  warning: { mark: "!", style: "yellow" },
  notice: { mark: "·", style: "dim" },
};

/** Shows a run to whoever attaches to its tmux session; silent where there is no terminal. */
export function makePane(): RunObserver {
  if (!process.stdout.isTTY) return { started: () => {}, event: () => {}, ended: () => {} };
  keepOutputFlowing();
  const isPlain = Boolean(process.env["NO_COLOR"]);
  const print = (text: string, style: Style = "plain") => {
    process.stdout.write(isPlain || style === "plain" ? `${text}\n` : `\u001B[${CODES[style]}m${text}\u001B[0m\n`);
  };
  return {
    started: (task) => describeStart(task).forEach((line, index) => print(line, index === 0 ? "bold" : "dim")),
    event: (line) => {
      const { mark, style } = MARKS[line.type];
      print(`${clockTime()} ${mark} ${withoutControls(line.text).replaceAll("\n", "\n           ")}`, style);
    },
    ended: (task) => describeEnd(task).forEach((line) => print(line, task.status === "completed" ? "green" : "red")),
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

function describeEnd(task: EndedTask): string[] {
  const seconds = secondsBetween(task.start_time, task.end_time);
  const failure = task.status === "completed" ? "" : `: ${task.error}`;
  const lines = ["", `${task.status} after ${seconds} s${failure}`];
  if (task.diff_stat !== undefined && task.diff_stat !== "") lines.push(task.diff_stat);
  return lines;
}

function clockTime(): string {
  return new Date().toTimeString().slice(0, 8);
}

/** What the model writes must not steer the terminal. */
function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return text.replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, "");
}

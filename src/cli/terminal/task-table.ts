import { homedir } from "node:os";
import type { TaskOverview } from "#tasks/overview.ts";
import { secondsBetween } from "#platform/clock.ts";
import type { TaskStatus, Usage } from "#domain/record.ts";
import { formatCount, formatDuration } from "./quantities.ts";
import { compose, inOneLine, paint, type Style, type StyledText, type Text, withoutControls } from "./style.ts";
import { type Column, formatTable } from "./table.ts";

const STATES: Record<TaskStatus, { mark: string; style: Style }> = {
  queued: { mark: "○", style: "dim" },
  running: { mark: "●", style: "cyan" },
  completed: { mark: "✓", style: "green" },
  failed: { mark: "✗", style: "red" },
  cancelled: { mark: "–", style: "yellow" },
};

/** Formats a status as a word, with its mark and colour. */
export function formatStatus(status: TaskStatus): StyledText {
  const { mark, style } = STATES[status];
  return paint(`${mark} ${status}`, style);
}

function formatState({ status, running_on }: TaskOverview): Text {
  return running_on === undefined ? formatStatus(status) : compose`${formatStatus(status)} on ${running_on}`;
}

/** Column with its cells, and the smallest terminal width at which it is shown. */
interface TaskColumn extends Column {
  from: number;
  cell: (task: TaskOverview) => Text;
}

const COLUMNS: readonly TaskColumn[] = [
  { title: "TASK", isFlexible: true, from: 0, cell: (task) => task.task_id },
  { title: "STATE", from: 0, cell: formatState },
  { title: "ELAPSED", align: "right", from: 0, cell: (task) => formatDuration(task.elapsed_seconds) },
  { title: "LAST", align: "right", from: 60, cell: formatLast },
  { title: "TOKENS", align: "right", from: 70, cell: ({ usage }) => (usage === undefined ? "" : formatTokens(usage)) },
  { title: "SANDBOX", from: 110, cell: (task) => task.sandbox },
  { title: "WORKSPACE", isFlexible: true, from: 110, cell: (task) => withoutControls(shortenHome(task.cwd)) },
  { title: "ACTIVITY", isFlexible: true, from: 130, cell: formatActivity },
];

/** Returns the lines of a table of tasks, column titles first, without the columns for which a terminal is too narrow. */
export function formatTasks(tasks: readonly TaskOverview[], width: number): StyledText[] {
  // If the output does not go to a terminal, each line is one task and nothing is cut.
  const columns = COLUMNS.filter(
    ({ from, title }) => width >= from && (Number.isFinite(width) || title !== "ACTIVITY"),
  );
  return formatTable(
    columns,
    tasks.map((task) => columns.map(({ cell }) => cell(task))),
    width,
  );
}

/** Formats the sum of input and output tokens. */
function formatTokens({ input_tokens, output_tokens }: Usage): string {
  return formatCount(input_tokens + output_tokens);
}

/** Returns a path as people write it. */
export function shortenHome(path: string): string {
  const home = homedir();
  return path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

function formatLast({ last_event_at }: TaskOverview): string {
  return last_event_at === undefined ? "" : `${formatDuration(secondsBetween(last_event_at))} ago`;
}

function formatActivity({ activity, stalled }: TaskOverview): StyledText {
  return stalled === undefined ? inOneLine(activity ?? "") : paint(stalled, "yellow");
}

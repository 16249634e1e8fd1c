import type { EventLine } from "#codex/run/describe.ts";
import { elapsedSeconds } from "#domain/record.ts";
import { nameCheck, summarizeCheck } from "#domain/check.ts";
import type { TaskOverview } from "#tasks/overview.ts";
import { secondsBetween } from "#platform/clock.ts";
import type { Usage } from "#domain/usage.ts";
import type { EndedTask, VisibleStatus } from "#domain/record.ts";
import { formatCount, formatDuration, nameFolders } from "#base/format-values.ts";
import { shortenHome } from "#base/paths.ts";
import {
  compose,
  hangingIndent,
  inOneLine,
  multiline,
  paint,
  type Style,
  type StyledText,
  type Text,
  withoutControls,
} from "./style.ts";
import { type Column, formatTable } from "./table.ts";

const STATES: Record<VisibleStatus, { mark: string; style: Style }> = {
  queued: { mark: "○", style: "dim" },
  running: { mark: "●", style: "cyan" },
  waiting: { mark: "?", style: "yellow" },
  completed: { mark: "✓", style: "green" },
  failed: { mark: "✗", style: "red" },
  cancelled: { mark: "–", style: "yellow" },
};

/** Formats a status as a word, with its mark and colour. */
export function formatStatus(status: VisibleStatus): StyledText {
  const { mark, style } = STATES[status];
  return paint(`${mark} ${status}`, style);
}

function formatState({ status, running_on }: TaskOverview): Text {
  return running_on === undefined ? formatStatus(status) : compose`${formatStatus(status)} on ${running_on}`;
}

/** Column with its cells, and the smallest terminal width at which it is shown. */
interface TaskColumn extends Column {
  minWidth: number;
  cell: (task: TaskOverview, repositories: ReadonlyMap<string, string>) => Text;
}

const COLUMNS: readonly TaskColumn[] = [
  { title: "TASK", isFlexible: true, keepsEnd: true, minWidth: 0, cell: (task) => task.task_id },
  {
    title: "REPOSITORY",
    isFlexible: true,
    keepsEnd: true,
    minWidth: 60,
    cell: ({ repository }, names) => withoutControls(names.get(repository) ?? repository),
  },
  { title: "STATE", minWidth: 0, cell: formatState },
  { title: "ELAPSED", align: "right", minWidth: 0, cell: (task) => formatDuration(task.elapsed_seconds) },
  { title: "LAST", align: "right", minWidth: 70, cell: formatLast },
  {
    title: "TOKENS",
    align: "right",
    minWidth: 78,
    cell: ({ usage }) => (usage === undefined ? "" : formatTokens(usage)),
  },
  { title: "SANDBOX", minWidth: 110, cell: (task) => task.sandbox },
  {
    title: "WORKSPACE",
    isFlexible: true,
    keepsEnd: true,
    minWidth: 180,
    cell: (task) => withoutControls(shortenHome(task.cwd)),
  },
  { title: "ACTIVITY", isFlexible: true, minWidth: 130, cell: formatActivity },
];

/** Returns the lines of a table of tasks, column titles first, without the columns for which a terminal is too narrow. */
export function formatTasks(tasks: readonly TaskOverview[], width: number): StyledText[] {
  // If the output does not go to a terminal, each line is one task and nothing is cut.
  const columns = COLUMNS.filter(
    ({ minWidth, title }) => width >= minWidth && (Number.isFinite(width) || title !== "ACTIVITY"),
  );
  const repositories = nameFolders(tasks.map(({ repository }) => repository));
  return formatTable(
    columns,
    tasks.map((task) => columns.map(({ cell }) => cell(task, repositories))),
    width,
  );
}

/** Formats the sum of input and output tokens. */
function formatTokens({ input_tokens, output_tokens }: Usage): string {
  return formatCount(input_tokens + output_tokens);
}

function formatLast({ last_event_at }: TaskOverview): string {
  return last_event_at === undefined ? "" : `${formatDuration(secondsBetween(last_event_at))} ago`;
}

function formatActivity({ activity, stalled }: TaskOverview): StyledText {
  return stalled === undefined ? inOneLine(activity ?? "") : paint(stalled, "yellow");
}

/** Describes in one or two lines how a task ended. */
export function describeEnd(task: EndedTask): Text[] {
  const duration = formatDuration(elapsedSeconds(task));
  // For a cancelled task, the status is enough.
  const failure =
    task.status === "failed" ? compose`: ${hangingIndent(withoutControls(task.error))} [${task.code}]` : "";
  const style = task.status === "completed" ? "green" : "red";
  const lines: Text[] = [paint(compose`${task.status} after ${duration}${failure}`, style)];
  if (task.diff_stat !== undefined && task.diff_stat !== "") lines.push(task.diff_stat);
  const { check } = task;
  if (check !== undefined) lines.push(withoutControls(`check ${nameCheck(check.command)}: ${summarizeCheck(check)}`));
  return lines;
}

const EVENT_MARKS: Record<EventLine["type"], { mark: string; style: Style }> = {
  text: { mark: "●", style: "plain" },
  message: { mark: "›", style: "bold" },
  thinking: { mark: "·", style: "dim" },
  plan: { mark: "☰", style: "cyan" },
  command: { mark: "$", style: "bold" },
  tool_call: { mark: "✎", style: "yellow" },
  tool_result: { mark: " ", style: "dim" },
  error: { mark: "!", style: "red" },
  warning: { mark: "!", style: "yellow" },
  question: { mark: "?", style: "yellow" },
  answer: { mark: "›", style: "bold" },
  notice: { mark: "·", style: "dim" },
};

/** Formats an event for people: a mark for its kind, then its text, with further lines below the first. */
export function formatEvent({ type, text }: EventLine, indent = ""): { text: StyledText; style: Style } {
  const { mark, style } = EVENT_MARKS[type];
  const visible = withoutControls(text.replaceAll("\n", `\n${indent}  `));
  return {
    text: multiline(compose`${mark} ${visible}`),
    style,
  };
}

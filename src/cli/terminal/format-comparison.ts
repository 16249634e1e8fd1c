import type { ComparedTask, TaskComparison } from "#worktrees/compare/compare-tasks.ts";
import { formatCount, formatDuration } from "#base/format-values.ts";
import { formatStatus } from "./format-task.ts";
import { compose, paint, type StyledText, type Text, withoutControls } from "./style.ts";
import { type Column, formatTable } from "./table.ts";

/** Mark of the smallest value of a column. */
const BEST = "*";

/** Returns the lines of a comparison: a table, column titles first, and what the tasks have in common. */
export function formatComparison({ tasks, ...common }: TaskComparison, width: number): Text[] {
  const columns = columnsFor(tasks);
  const rows = tasks.map((task) => columns.map(({ cell }) => cell(task)));
  const [titles = "", ...lines] = formatTable(columns, rows, width);
  return [paint(titles, "dim"), ...lines, ...tasks.flatMap(describeNotes), ...describeCommon(common)];
}

/** Column of the table. */
interface ComparedColumn extends Column {
  cell: (task: ComparedTask) => Text;
}

function columnsFor(tasks: readonly ComparedTask[]): ComparedColumn[] {
  // A task that has not succeeded is not the best in anything.
  const done = tasks.filter(({ status }) => status === "completed");
  const best = (of: (task: ComparedTask) => number | undefined) => {
    const values = done.flatMap((task) => of(task) ?? []);
    return new Set(values).size > 1 ? Math.min(...values) : undefined;
  };
  const marked = (text: string, isBest: boolean): Text => (isBest ? paint(`${text}${BEST}`, "bold") : text);
  const isBest = (task: ComparedTask, value: number | undefined, least: number | undefined) =>
    value !== undefined && value === least && task.status === "completed";
  const [tokens, seconds] = [best((task) => task.tokens), best(wholeSeconds)];
  const all: (ComparedColumn & { isUsed: boolean })[] = [
    { title: "TASK", isFlexible: true, keepsEnd: true, isUsed: true, cell: ({ task_id }) => withoutControls(task_id) },
    { title: "STATE", isUsed: true, cell: ({ status }) => formatStatus(status) },
    { title: "CHECK", isUsed: tasks.some(({ check }) => check !== undefined), cell: describeCheck },
    {
      title: "CHANGES",
      isUsed: tasks.some(({ changes }) => changes !== undefined),
      cell: ({ changes }) =>
        changes === undefined ? "" : `${changes.files}f +${changes.insertions} -${changes.deletions}`,
    },
    {
      title: "TOKENS",
      align: "right",
      isUsed: tasks.some((task) => task.tokens !== undefined),
      cell: (task) =>
        task.tokens === undefined ? "" : marked(formatCount(task.tokens), isBest(task, task.tokens, tokens)),
    },
    {
      title: "TIME",
      align: "right",
      isUsed: true,
      cell: (task) => marked(formatDuration(task.elapsed_seconds), isBest(task, wholeSeconds(task), seconds)),
    },
    {
      title: "MERGED",
      isUsed: tasks.some(({ merged }) => merged !== undefined),
      cell: ({ merged = "" }) => merged.slice(0, 7),
    },
    { title: "SETTINGS", isFlexible: true, isUsed: tasks.some(hasSettings), cell: describeSettings },
  ];
  return all.filter(({ isUsed }) => isUsed);
}

/** Returns a task's time as it is shown: a smaller difference is none. */
function wholeSeconds({ elapsed_seconds }: ComparedTask): number {
  return Math.floor(elapsed_seconds);
}

function hasSettings(task: ComparedTask): boolean {
  return task.model !== undefined || task.reasoning_effort !== undefined || task.profile !== undefined;
}

function describeSettings({ model, reasoning_effort, profile }: ComparedTask): Text {
  return withoutControls([model, reasoning_effort, profile].filter((each) => each !== undefined).join(" "));
}

function describeCheck({ check }: ComparedTask): Text {
  if (check === undefined) return "";
  const times = check.attempts > 1 ? ` (${check.attempts})` : "";
  return check.passed ? paint(`passed${times}`, "green") : paint(`failed${times}`, "red");
}

function describeNotes({ task_id, error, note }: ComparedTask): Text[] {
  return [error, note].flatMap((text) =>
    text === undefined ? [] : [compose`${paint(task_id, "bold")}: ${withoutControls(text)}`],
  );
}

/** Maximum number of common files that are shown. */
const MAX_FILES = 20;

function describeCommon({
  files_in_common: files,
  files_left_out = 0,
  identical,
}: Omit<TaskComparison, "tasks">): Text[] {
  const shown = files.slice(0, MAX_FILES);
  const rest = files.length - shown.length + files_left_out;
  const lines: StyledText[] = shown.map(
    ({ path, tasks }) => compose`  ${withoutControls(path)} ${paint(`(${tasks.length} tasks)`, "dim")}`,
  );
  return [
    ...identical.map((ids): Text => `The same files: ${ids.join(", ")}`),
    ...(lines.length === 0 ? [] : [paint("Changed by several tasks", "bold"), ...lines]),
    ...(rest === 0 ? [] : [`  … and ${rest} more`]),
  ];
}

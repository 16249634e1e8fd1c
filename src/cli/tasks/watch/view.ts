import { compose, join, paint, type Text } from "#cli/terminal/style.ts";
import { sliceToWidth, wrapToWidth } from "#cli/terminal/table.ts";
import { formatTasks } from "#cli/terminal/format-task.ts";
import type { ListState } from "./list-state.ts";
import type { Size } from "./screen.ts";
import { type Tab, type TabLine, TABS } from "./task-tabs.ts";

/** Number of lines other than tasks: the summary, the column titles, the keys. */
const FRAME_LINES = 3;

const LIST_KEYS = "↵ open  a attach  c cancel  m merge  d discard  / search  ? help  q quit";
/** Keys while a task is selected that asks something. */
const WAITING_KEYS = "w answer  ↵ open  a attach  c cancel  / search  ? help  q quit";
const PAGE_KEYS = "⇥ next tab  ↑↓ scroll  a attach  c cancel  m merge  d discard  q back";

const HELP: readonly (readonly [keys: string, meaning: string])[] = [
  ["↑ ↓ PgUp PgDn g G", "Select a task, or scroll"],
  ["Enter, l", "Open a task: what Codex is doing"],
  ["r", "Open a task: its result"],
  ["v", "Open a task: its changes"],
  ["Tab, 1 2 3", "Change between Live, Result and Diff"],
  ["a", "Join the task in Codex's own interface, or watch its log"],
  ["w", "Answer what a waiting task asks"],
  ["c", "Cancel the task"],
  ["m", "Merge the task's branch as one commit"],
  ["d", "Save and remove the task's worktree and branch"],
  ["u", "Restore them"],
  ["/", "Show only tasks that contain a text; Escape shows all"],
  ["f", "Show only unfinished tasks, or all"],
  ["q", "Go back, or quit"],
];

/** Returns the number of tasks that fit on a screen. */
export function visibleTaskCount({ height }: Size): number {
  return Math.max(1, height - FRAME_LINES);
}

/** Returns the lines of the live list: as many as the screen has, none wider than it. */
export function drawList(state: ListState, size: Size): Text[] {
  const { tasks, top, selected } = state;
  const [titles = "", ...rows] = formatTasks(tasks, size.width - MARGIN_WIDTH);
  const visible = rows.slice(top, top + visibleTaskCount(size)).map((row, index) => {
    const isSelected = top + index === selected;
    return isSelected ? compose`${paint("▶", "bold")} ${row}` : compose`  ${row}`;
  });
  const body: Text[] = tasks.length === 0 ? [`  ${describeNone(state)}`] : visible;
  const lines = [
    drawSummary(state, size),
    paint(compose`  ${titles}`, "dim"),
    ...fill(body, visibleTaskCount(size)),
    drawFooter(state, size),
  ];
  return lines.map((line) => sliceToWidth(line, size.width));
}

/** Width of the mark for the selected task, in columns. */
const MARGIN_WIDTH = 2;

function fill(lines: readonly Text[], count: number): Text[] {
  return [...lines, ...Array.from({ length: Math.max(0, count - lines.length) }, () => "")];
}

function describeNone({ isUnfinishedOnly, query, counts }: ListState): string {
  if (query !== "") return `No task contains "${query}".`;
  if (isUnfinishedOnly) return "No tasks are queued or running.";
  return Object.keys(counts).length > 0
    ? "No matching tasks."
    : "No tasks yet. MCP clients start them, and so does `run`.";
}

function drawSummary({ counts, tasks, query }: ListState, { width }: Size): Text {
  const { waiting = 0, running = 0, queued = 0, completed = 0, failed = 0, cancelled = 0 } = counts;
  const parts = [
    ...(waiting > 0 ? [paint(`${waiting} waiting`, "yellow")] : []),
    paint(`${running} running`, running > 0 ? "cyan" : "plain"),
    `${queued} queued`,
    `${completed} completed`,
    paint(`${failed} failed`, failed > 0 ? "red" : "plain"),
    `${cancelled} cancelled`,
  ];
  const all = waiting + running + queued + completed + failed + cancelled;
  const shown = tasks.length < all ? `  (${tasks.length} shown)` : "";
  const search = query === "" ? "" : compose`  ${paint(`/${query}`, "yellow")}`;
  return sliceToWidth(compose`${paint("Codex tasks", "bold")}  ${join(parts, "  ")}${shown}${search}`, width);
}

function drawFooter({ message, tasks, selected }: ListState, { width }: Size): Text {
  if (message !== undefined) return paint(sliceToWidth(message, width), "yellow");
  const place = tasks.length === 0 ? "" : `${selected + 1}/${tasks.length}`;
  const keys = tasks[selected]?.waits_for === "answer" ? WAITING_KEYS : LIST_KEYS;
  const gap = width - Bun.stringWidth(keys) - place.length;
  return paint(gap < 1 ? keys : keys + " ".repeat(gap) + place, "dim");
}

/** Page of a task. */
export interface TaskView {
  title: Text;
  /** Whether the task asks something. */
  isWaiting?: boolean;
  tab: Tab;
  lines: readonly TabLine[];
  /** Number of lines by which it is scrolled: from its end on the tab Live, from its beginning on others. */
  scrolled: number;
  message: string | undefined;
}

/** Returns the lines of a task's page. */
export function drawTask({ title, isWaiting = false, tab, lines, scrolled, message }: TaskView, size: Size): Text[] {
  const wrapped = lines.flatMap(({ text, style }) =>
    wrapToWidth(text, size.width, { isHard: true }).map((line) => paint(line, style)),
  );
  const visibleLines = Math.max(1, size.height - 2);
  const hidden = Math.max(0, Math.min(scrolled, wrapped.length - visibleLines));
  const from = tab === "Live" ? Math.max(0, wrapped.length - hidden - visibleLines) : hidden;
  const below = Math.max(0, wrapped.length - from - visibleLines);
  const tabs = TABS.map((each) => (each === tab ? paint(`[${each}]`, "bold") : paint(` ${each} `, "dim")));
  const footer = `${isWaiting ? "w answer  " : ""}${PAGE_KEYS}${below > 0 ? `  (${below} lines below)` : ""}`;
  return [
    sliceToWidth(compose`${join(tabs, "")}  ${paint(title, "bold")}`, size.width),
    ...fill(wrapped.slice(from, from + visibleLines), visibleLines),
    paint(sliceToWidth(message ?? footer, size.width), message === undefined ? "dim" : "yellow"),
  ];
}

/** Returns the lines of the help. */
export function drawHelp(size: Size): Text[] {
  const rows = HELP.map(([keys, meaning]) => compose`  ${paint(keys.padEnd(20), "bold")}${meaning}`);
  const visibleLines = Math.max(1, size.height - 2);
  const lines = [
    paint("Keys", "bold"),
    ...fill(rows.slice(0, visibleLines), visibleLines),
    paint("any key: back", "dim"),
  ];
  return lines.map((line) => sliceToWidth(line, size.width));
}

import { compose, join, paint, type Style, type Text } from "#cli/terminal/style.ts";
import { sliceToWidth, wrapToWidth } from "#cli/terminal/table.ts";
import { formatTasks } from "#cli/terminal/format-task.ts";
import type { ListState } from "./list-state.ts";
import type { Size } from "./screen.ts";

/** Number of lines other than tasks: the summary, the column titles, the keys. */
const FRAME_LINES = 3;

const KEYS = "↑↓ select  a attach  l log  c cancel  f all/unfinished  q quit";

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
  const empty = `  ${describeNone(state)}`;
  const body: Text[] = tasks.length === 0 ? [empty] : visible;
  const filling = Array.from({ length: Math.max(0, visibleTaskCount(size) - body.length) }, () => "");
  const lines = [
    drawSummary(state, size),
    paint(compose`  ${titles}`, "dim"),
    ...body,
    ...filling,
    drawFooter(state, size),
  ];
  return lines.map((line) => sliceToWidth(line, size.width));
}

/** Width of the mark for the selected task, in columns. */
const MARGIN_WIDTH = 2;

function describeNone({ isUnfinishedOnly, counts }: ListState): string {
  if (isUnfinishedOnly) return "No tasks are queued or running.";
  return Object.keys(counts).length > 0 ? "No matching tasks." : "No tasks yet. MCP clients start them.";
}

function drawSummary({ counts, tasks }: ListState, { width }: Size): Text {
  const { running = 0, queued = 0, completed = 0, failed = 0, cancelled = 0 } = counts;
  const parts = [
    paint(`${running} running`, running > 0 ? "cyan" : "plain"),
    `${queued} queued`,
    `${completed} completed`,
    paint(`${failed} failed`, failed > 0 ? "red" : "plain"),
    `${cancelled} cancelled`,
  ];
  const all = running + queued + completed + failed + cancelled;
  const shown = tasks.length < all ? `  (${tasks.length} shown)` : "";
  return sliceToWidth(compose`${paint("Codex tasks", "bold")}  ${join(parts, "  ")}${shown}`, width);
}

function drawFooter({ message, tasks, selected }: ListState, { width }: Size): Text {
  if (message !== undefined) return paint(sliceToWidth(message, width), "yellow");
  const place = tasks.length === 0 ? "" : `${selected + 1}/${tasks.length}`;
  const gap = width - Bun.stringWidth(KEYS) - place.length;
  return paint(gap < 1 ? KEYS : KEYS + " ".repeat(gap) + place, "dim");
}

/** Line of a log, which may have to be wrapped. */
interface LogLine {
  text: Text;
  style: Style;
}

/** Returns the wrapped lines of a log, scrolled up by `up` lines from its end. */
export function drawLog(title: Text, lines: readonly LogLine[], up: number, size: Size): Text[] {
  const wrapped = lines.flatMap(({ text, style }) =>
    wrapToWidth(text, size.width, { isHard: true }).map((line) => paint(line, style)),
  );
  const visibleLines = Math.max(1, size.height - 2);
  const hidden = Math.max(0, Math.min(up, wrapped.length - visibleLines));
  const end = wrapped.length - hidden;
  const body = wrapped.slice(Math.max(0, end - visibleLines), end);
  const filling = Array.from({ length: visibleLines - body.length }, () => "");
  const footer = `↑↓ scroll  q back${hidden > 0 ? `  (${hidden} lines below)` : ""}`;
  return [
    paint(sliceToWidth(title, size.width), "bold"),
    ...body,
    ...filling,
    paint(sliceToWidth(footer, size.width), "dim"),
  ];
}

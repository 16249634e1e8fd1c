import { compose, join, paint, render, type StyledText, type Text, trimEnd, visiblePieces } from "./style.ts";

/** Column of a table. */
export interface Column {
  title: string;
  align?: "right";
  /** Whether the column shrinks if the terminal is too narrow. Of several flexible columns, the last shrinks first. */
  isFlexible?: boolean;
  /** Whether a cell that is too wide loses its middle, rather than its end: both ends of ids and paths tell them apart. */
  keepsEnd?: boolean;
}

const GAP = "  ";
/** Smallest width to which a flexible column shrinks. */
const MIN_COLUMN_WIDTH = 12;

/**
 * Returns the lines of a table, column titles first, none wider than `width` if the flexible columns can shrink enough.
 * A finite width is that of a terminal: cells are measured and cut in their visible form.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Text[])[],
  width: number,
): StyledText[] {
  const all = [columns.map(({ title }): Text => title), ...rows];
  const natural = columns.map((_, index) => Math.max(...all.map((row) => widthOf(row[index] ?? "", width))));
  const widths = shrinkColumns(columns, natural, width);
  return all.map((row) => {
    const cells = columns.map((column, index) => padCell(row[index] ?? "", widths[index] ?? 0, column, width));
    return sliceToWidth(trimEnd(join(cells, GAP)), width);
  });
}

/** Returns a text cut to a width in terminal columns, with an ellipsis if something is missing. */
export function sliceToWidth(text: Text, width: number): StyledText {
  if (!Number.isFinite(width) || widthOf(text, width) <= width) return compose`${text}`;
  const kept: Text[] = [];
  let columnsLeft = width - 1;
  for (const { words, style } of visiblePieces(text)) {
    const part = takeColumns(words, columnsLeft);
    columnsLeft -= Bun.stringWidth(part);
    kept.push(paint(part === words ? part : `${part}${"…".slice(0, width)}`, style));
    if (part !== words) break;
  }
  return join(kept, "");
}

/** Returns a text cut to a width in terminal columns, with an ellipsis for its middle if something is missing. */
export function cutMiddle(text: Text, width: number): StyledText {
  if (!Number.isFinite(width) || widthOf(text, width) <= width) return compose`${text}`;
  const words = visiblePieces(text)
    .map((piece) => piece.words)
    .join("");
  const style = visiblePieces(text)[0]?.style ?? "plain";
  const start = takeColumns(words, Math.ceil((width - 1) / 2));
  const characters = [...new Intl.Segmenter().segment(words.slice(start.length))].map(({ segment }) => segment);
  const room = width - 1 - Bun.stringWidth(start);
  let end = "";
  for (let next = characters.pop(); next !== undefined; next = characters.pop()) {
    if (Bun.stringWidth(next + end) > room) break;
    end = next + end;
  }
  return paint(`${start}${"…".slice(0, width)}${end}`, style);
}

/** Returns the beginning of a visible text that fits into a number of columns. */
function takeColumns(words: string, count: number): string {
  if (Bun.stringWidth(words) <= count) return words;
  // sliceAnsi includes a wide character of which only the first half fits (Bun 1.4.5).
  for (let end = count; end > 0; end--) {
    const cut = Bun.sliceAnsi(words, 0, end);
    if (Bun.stringWidth(cut) <= count) return cut;
  }
  return "";
}

/**
 * Wraps a text to a terminal's width, in its visible form; in a pipe, which has no width, returns it unchanged.
 * @param how with `isHard`, words that are too long are split, and all spaces are kept
 */
export function wrapToWidth(text: Text, width: number, how: { isHard: boolean }): string[] {
  if (!Number.isFinite(width)) return [render(text, { isTerminal: false, hasColour: false })];
  const visible = render(text, { isTerminal: true, hasColour: false });
  // A tab's width depends on its column.
  const options = { hard: how.isHard, trim: !how.isHard };
  const lines = Bun.wrapAnsi(visible.replaceAll("\t", "    "), width, options).split("\n");
  return how.isHard ? lines.flatMap((line) => splitAtWidth(line, width)) : lines;
}

/** Splits a line that is too wide: wrapAnsi returns lines one column too wide that end with a wide character (Bun 1.4.5). */
function splitAtWidth(line: string, width: number): string[] {
  const parts: string[] = [];
  let rest = line;
  while (Bun.stringWidth(rest) > width) {
    const part = takeColumns(rest, width);
    if (part === "") break;
    parts.push(part);
    rest = rest.slice(part.length);
  }
  return [...parts, rest];
}

/** Returns the number of columns of a text: in its visible form on a terminal, which alone has a finite width. */
function widthOf(text: Text, width: number): number {
  return Bun.stringWidth(render(text, { isTerminal: Number.isFinite(width), hasColour: false }));
}

/** Returns the widths of columns in a table that is no wider than `width`, if the flexible columns can shrink enough. */
function shrinkColumns(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const gaps = GAP.length * (columns.length - 1);
  let excess = widths.reduce((sum, each) => sum + each, gaps) - width;
  for (let index = columns.length - 1; index >= 0 && excess > 0; index--) {
    const current = widths[index] ?? 0;
    if (columns[index]?.isFlexible !== true || current <= MIN_COLUMN_WIDTH) continue;
    const removed = Math.min(excess, current - MIN_COLUMN_WIDTH);
    widths[index] = current - removed;
    excess -= removed;
  }
  return widths;
}

function padCell(text: Text, column: number, { align, keepsEnd }: Column, width: number): StyledText {
  const slice = keepsEnd === true ? cutMiddle : sliceToWidth;
  const cut = Number.isFinite(width) ? slice(text, column) : compose`${text}`;
  const space = " ".repeat(Math.max(0, column - widthOf(cut, width)));
  return align === "right" ? compose`${space}${cut}` : compose`${cut}${space}`;
}

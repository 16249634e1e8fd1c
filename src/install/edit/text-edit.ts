/** Reason why a file's text cannot be edited, as the rest of a sentence whose subject is the file. */
export class EditProblem extends Error {
  override readonly name = "EditProblem";
}

/** Part of a text that is replaced by another text. */
export interface TextEdit {
  start: number;
  end: number;
  content: string;
}

/** Applies edits, which must not overlap, to a text. */
export function applyTextEdits(text: string, edits: readonly TextEdit[]): string {
  let edited = text;
  for (const { start, end, content } of edits.toSorted((a, b) => b.start - a.start)) {
    edited = edited.slice(0, start) + content + edited.slice(end);
  }
  return edited;
}

/** Returns the line end that a text uses. */
export function lineEndOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** Returns the position at which the line of a position begins. */
export function lineStart(text: string, position: number): number {
  return position === 0 ? 0 : text.lastIndexOf("\n", position - 1) + 1;
}

/** Returns the position of the line end after a position, before its carriage return; the text's length if there is none. */
export function lineEnd(text: string, position: number): number {
  const end = text.indexOf("\n", position);
  if (end < 0) return text.length;
  return end > position && text[end - 1] === "\r" ? end - 1 : end;
}

/** Returns whether nothing but white space precedes a position on its line. */
export function isFirstOnLine(text: string, position: number): boolean {
  return text.slice(lineStart(text, position), position).trim() === "";
}

/** Returns the position at which the spaces (and tabs) before a position begin. */
export function spaceStart(text: string, position: number, spaces = " \t"): number {
  let start = position;
  while (start > 0 && spaces.includes(text[start - 1] ?? "")) start--;
  return start;
}

/**
 * Returns a text with lines added at its end. It keeps its last line end if it has one, and gets none if it has none, so that
 * {@link removeLines} can give the same text back.
 */
export function appendLines(text: string, lines: readonly string[]): string {
  const eol = lineEndOf(text);
  if (text === "" || text.endsWith("\n")) return text + lines.map((line) => line + eol).join("");
  return [text, ...lines].join(eol);
}

/**
 * Returns a text without the lines of some ranges.
 * @param ranges positions in the first and the last line of each
 */
export function removeLines(text: string, ranges: readonly (readonly [first: number, last: number])[]): string {
  const wide: [number, number][] = [];
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const start = lineStart(text, first);
    const newline = text.indexOf("\n", last);
    const end = newline < 0 ? text.length : newline + 1;
    const before = wide.at(-1);
    if (before !== undefined && start <= before[1]) before[1] = Math.max(before[1], end);
    else wide.push([start, end]);
  }
  const edits = wide.map(([start, end]) => {
    // The last line has no line end: the one before it goes instead.
    const isCut = end === text.length && !text.endsWith("\n") && start > 0;
    const lineFeed = text[start - 2] === "\r" ? 2 : 1;
    return { start: isCut ? start - lineFeed : start, end, content: "" };
  });
  return applyTextEdits(text, edits);
}

/** Item of a list or table that stands between brackets. */
export type Item = readonly [start: number, end: number];

/**
 * Returns the edit that adds an item at the end of a list or table between brackets.
 * @param bounds positions before the opening and after the closing bracket
 */
export function insertItem(text: string, bounds: Item, items: readonly Item[], content: string): TextEdit {
  const last = items.at(-1);
  if (last !== undefined) return { start: last[1], end: last[1], content: `, ${content}` };
  const [open, close] = [bounds[0] + 1, bounds[1] - 1];
  return { start: open, end: text.slice(open, close).trim() === "" ? close : open, content: ` ${content} ` };
}

/**
 * Returns the edit that removes an item and a comma of a list or table between brackets.
 * @throws EditProblem if a comment would be lost
 */
export function removeItem(text: string, items: readonly Item[], item: Item): TextEdit {
  if (items.length === 1) return withSpace(text, item);
  const at = items.indexOf(item);
  const [before, next] = [items[at - 1], items[at + 1]];
  const [start, end] = before !== undefined ? [before[1], item[1]] : [item[0], next?.[0] ?? item[1]];
  const around = text.slice(start, item[0]) + text.slice(item[1], end);
  if (around.includes("#")) throw new EditProblem("has a comment beside the entry, between brackets");
  return { start, end, content: "" };
}

/** Returns the edit that removes the only item, with the spaces around it. */
function withSpace(text: string, [first, last]: Item): TextEdit {
  const [after = ""] = /^ */.exec(text.slice(last)) ?? [];
  return { start: spaceStart(text, first, " "), end: last + after.length, content: "" };
}

import { DiffLineType, DiffParser } from "@git-diff-view/core";
import { makeVisible } from "#base/visible-text.ts";
import type { Side } from "../comments/line-comment.ts";

/** Piece of a line that has a colour of its own, by its place in the shown text. */
export interface Token {
  start: number;
  end: number;
  /** Class names of the highlighter. */
  name: string;
}

/** Line of a patch. */
export interface PatchLine {
  kind: "hunk" | "same" | "added" | "removed";
  old?: number;
  new?: number;
  /** Text with all characters visible, without its line feed; its beginning if it is very long. */
  text: string;
  /** Number of characters that are not shown. */
  missing?: number;
  /** Whether the file ends without a line feed after this line. */
  isUnended?: true;
  /** Line that it replaces, or that replaces it. */
  pair?: PatchLine;
  /** Syntax of the text, once it is known. */
  tokens?: readonly Token[];
}

/** Row of the view in two columns: a hunk's header is in both. */
export type SplitRow = readonly [PatchLine | undefined, PatchLine | undefined];

/** Patch of one file in the form that is shown. */
export interface ParsedPatch {
  unified: readonly PatchLine[];
  split: readonly SplitRow[];
  /** Whether all lines end with CR LF, which is said once instead of at each line. */
  isCrLf: boolean;
  /** Length of the longest line, in columns. */
  columns: number;
}

/** Longest part of a line that is shown, in characters. */
const MAX_SHOWN = 2000;

const FILE = "\ndiff --git ";

/**
 * Parses the patch of a file, or its beginning up to the end of a line.
 * @throws Error if it is not a patch of git
 */
export function parsePatch(text: string): ParsedPatch {
  // A file whose type changed has two sections; a line of a hunk begins with another character.
  const sections = text.split(FILE).map((section, index) => (index === 0 ? section : FILE.slice(1) + section));
  const hunks = sections.flatMap((section) => new DiffParser().parse(withoutLastHeader(section)).hunks);
  const lines = hunks.flatMap((hunk) => hunk.lines);
  const isCrLf = lines.length > 0 && lines.every(({ type, text: each }) => type === HUNK || each.endsWith("\r\n"));
  const unified = lines.map((line) => toLine(line, isCrLf));
  const columns = unified.reduce((most, { text: each }) => Math.max(most, each.length + 3 * countTabs(each)), 0);
  return { unified, split: pairLines(unified), isCrLf, columns };
}

function countTabs(text: string): number {
  return text.includes("\t") ? text.split("\t").length - 1 : 0;
}

/** Removes a hunk's header at the end, whose lines are not there. */
function withoutLastHeader(section: string): string {
  const end = section.endsWith("\n") ? section.length - 1 : section.length;
  const start = section.lastIndexOf("\n", end - 1) + 1;
  return section.startsWith("@@ ", start) ? section.slice(0, start) : section;
}

type ParsedLine = ReturnType<DiffParser["parse"]>["hunks"][number]["lines"][number];

const HUNK = DiffLineType.Hunk;
const KINDS: Record<DiffLineType, PatchLine["kind"]> = {
  [DiffLineType.Context]: "same",
  [DiffLineType.Add]: "added",
  [DiffLineType.Delete]: "removed",
  [DiffLineType.Hunk]: "hunk",
};

function toLine(line: ParsedLine, isCrLf: boolean): PatchLine {
  const end = line.text.endsWith("\n") ? (isCrLf && line.type !== HUNK ? 2 : 1) : 0;
  const length = line.text.length - end;
  const shown = line.text.slice(0, Math.min(length, MAX_SHOWN));
  return {
    kind: KINDS[line.type],
    ...(line.oldLineNumber !== null && { old: line.oldLineNumber }),
    ...(line.newLineNumber !== null && { new: line.newLineNumber }),
    text: makeVisible(shown, true),
    ...(length > MAX_SHOWN && { missing: length - MAX_SHOWN }),
    ...(line.noTrailingNewLine && { isUnended: true }),
  };
}

/** Puts removed lines beside the added lines that follow them. */
function pairLines(lines: readonly PatchLine[]): SplitRow[] {
  const rows: SplitRow[] = [];
  let [removed, added]: [PatchLine[], PatchLine[]] = [[], []];
  const flush = () => {
    for (let index = 0; index < Math.max(removed.length, added.length); index++) {
      const [before, after] = [removed[index], added[index]];
      if (before !== undefined && after !== undefined) [before.pair, after.pair] = [after, before];
      rows.push([before, after]);
    }
    [removed, added] = [[], []];
  };
  for (const line of lines) {
    if (line.kind === "added") added.push(line);
    else if (line.kind === "removed") {
      if (added.length > 0) flush();
      removed.push(line);
    } else {
      flush();
      rows.push([line, line]);
    }
  }
  flush();
  return rows;
}

/** Returns the line of a row on a side; in one column the row is the line. */
export function lineOf(row: PatchLine | SplitRow | undefined, side: Side): PatchLine | undefined {
  if (row === undefined || "kind" in row) return row;
  return row[side === "old" ? 0 : 1];
}

/** Returns the position of the row with a line of a side; -1 if it is in no hunk. */
export function findRow(patch: ParsedPatch, isSplit: boolean, side: Side, number: number): number {
  if (isSplit) return patch.split.findIndex((row) => lineOf(row, side)?.[side] === number);
  return patch.unified.findIndex((line) => line[side] === number);
}

/** Returns the texts of lines of a side, as far as hunks have them. */
export function readLines(patch: ParsedPatch, side: Side, first: number, last: number): string[] {
  return patch.unified.flatMap((line) => {
    const number = line[side];
    return number === undefined || number < first || number > last ? [] : [line.text];
  });
}

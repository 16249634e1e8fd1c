import { diffChanges, DiffLine, DiffLineType, relativeChanges } from "@git-diff-view/core";
import type { PatchLine } from "./parse-patch.ts";

/** Piece of a line in one form. */
export interface Segment {
  text: string;
  /** Class names of the highlighter. */
  name?: string | undefined;
  isChanged: boolean;
}

type Range = readonly [start: number, end: number];

/** Longest line whose changes are compared character by character; of longer ones, what lies between the same beginning and end counts. */
const MAX_COMPARED = 300;

/** Returns the pieces of a line: by its syntax, and by what differs from the line that it replaces. */
export function splitLine(line: PatchLine): Segment[] {
  const changes = changedRanges(line);
  const tokens = line.tokens ?? [];
  const cuts = new Set([0, line.text.length]);
  for (const { start, end } of tokens) cuts.add(start).add(end);
  for (const [start, end] of changes) cuts.add(start).add(end);
  const places = [...cuts].filter((place) => place <= line.text.length).toSorted((a, b) => a - b);
  let token = 0;
  return places.slice(0, -1).map((start, index) => {
    while ((tokens[token]?.end ?? Infinity) <= start) token++;
    const current = tokens[token];
    return {
      text: line.text.slice(start, places[index + 1]),
      name: current !== undefined && current.start <= start ? current.name : undefined,
      isChanged: changes.some(([from, to]) => from <= start && start < to),
    };
  });
}

const known = new WeakMap<PatchLine, readonly Range[]>();

function changedRanges(line: PatchLine): readonly Range[] {
  if (line.pair === undefined || line.kind === "same") return [];
  const found = known.get(line) ?? compare(line, line.pair);
  known.set(line, found);
  return found;
}

function compare(line: PatchLine, other: PatchLine): readonly Range[] {
  const [added, removed] = line.kind === "added" ? [line, other] : [other, line];
  const [addition, deletion] = [toDiffLine(added), toDiffLine(removed)];
  if (line.text.length > MAX_COMPARED || other.text.length > MAX_COMPARED) {
    const { addRange, delRange } = relativeChanges(addition, deletion);
    const { range, hasLineChange } = line === added ? addRange : delRange;
    return hasLineChange === true ? [[range.location, range.location + range.length]] : [];
  }
  const { addRange, delRange } = diffChanges(addition, deletion);
  const { range, hasLineChange } = line === added ? addRange : delRange;
  if (hasLineChange !== true) return [];
  return range.flatMap(({ type, startIndex, length }) =>
    type === 0 ? [] : [[startIndex, startIndex + length] as const],
  );
}

function toDiffLine({ kind, text }: PatchLine): DiffLine {
  const type = kind === "added" ? DiffLineType.Add : DiffLineType.Delete;
  return new DiffLine(text, type, null, null, null);
}

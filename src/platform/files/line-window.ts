import { closeSync, fstatSync, readSync } from "node:fs";
import { Turns } from "#base/concurrency.ts";
import { openRegularFile } from "./file-digest.ts";
import { MAX_LINE_LENGTH } from "./json-lines.ts";

/** Line of a file, with the bytes that it has there. */
export interface FileLine {
  /** The line without its end; bytes that are not UTF-8 are U+FFFD. Undefined if the line is longer than {@link MAX_LINE_LENGTH}. */
  text: string | undefined;
  /** Offset before its first byte. */
  start: number;
  /** Offset after its line end. */
  end: number;
}

/** Complete lines of a part of a file. */
export interface LineWindow {
  lines: FileLine[];
  /** Offsets of the part. */
  start: number;
  end: number;
  /** Size of the file when it was read. */
  size: number;
}

/** Part of a file: the lines before an offset, the lines after it, or the last ones. An offset within a line counts as the line's neighbour. */
export type WindowPlace = { before: number } | { after: number } | "end";

/** Size of the parts in which files are read, and of a window by default, in bytes. */
const WINDOW_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;

/**
 * Reads the complete lines of a part of a file, and nothing else of the file except to find the ends of a long line. A file that does not
 * exist, or is not a regular one, has no lines.
 * @param limits largest number of lines, and of bytes unless a single line is longer
 */
export async function readLineWindow(
  path: string,
  place: WindowPlace,
  limits: Partial<WindowLimits> = {},
): Promise<LineWindow> {
  const all = { lines: Number.POSITIVE_INFINITY, bytes: WINDOW_BYTES, ...limits };
  const file = openRegularFile(path);
  if (file === undefined) return { lines: [], start: 0, end: 0, size: 0 };
  try {
    const { size } = fstatSync(file);
    if (place !== "end" && "after" in place) return { ...(await readAfter(file, size, place.after, all)), size };
    return { ...(await readBefore(file, size, place === "end" ? size : place.before, all)), size };
  } finally {
    closeSync(file);
  }
}

/** Limits of a window. */
interface WindowLimits {
  lines: number;
  bytes: number;
}

type Part = Omit<LineWindow, "size">;

async function readAfter(file: number, size: number, after: number, limits: WindowLimits): Promise<Part> {
  const wanted = Math.max(0, Math.min(after, size));
  const start = isLineStart(file, wanted) ? wanted : await findLineEnd(file, size, wanted);
  if (start === undefined) return { lines: [], start: wanted, end: wanted };
  const bytes = readPart(file, start, Math.min(size, start + limits.bytes));
  const last = bytes.lastIndexOf(LINE_FEED) + 1;
  if (last > 0) return toPart(splitLines(bytes.subarray(0, last), start).slice(0, limits.lines), start);
  const end = await findLineEnd(file, size, start + bytes.length);
  return end === undefined ? { lines: [], start, end: start } : toPart([readLongLine(file, start, end)], start);
}

async function readBefore(file: number, size: number, before: number, limits: WindowLimits): Promise<Part> {
  const wanted = Math.max(0, Math.min(before, size));
  const end = isLineStart(file, wanted) ? wanted : await findLineStart(file, wanted);
  const from = Math.max(0, end - limits.bytes);
  const bytes = readPart(file, from, end);
  const first = from === 0 ? 0 : bytes.indexOf(LINE_FEED) + 1;
  if (from + first < end || end === 0) {
    const lines = splitLines(bytes.subarray(first), from + first);
    const kept = lines.length > limits.lines ? lines.slice(-limits.lines) : lines;
    return { lines: kept, start: kept[0]?.start ?? end, end };
  }
  const start = await findLineStart(file, end - 1);
  return { lines: [readLongLine(file, start, end)], start, end };
}

function toPart(lines: FileLine[], start: number): Part {
  return { lines, start, end: lines.at(-1)?.end ?? start };
}

/** Splits bytes into lines; what follows the last line feed is left out. */
function splitLines(bytes: Buffer, offset: number): FileLine[] {
  const lines: FileLine[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LINE_FEED, start) + 1;
    // The file has become shorter meanwhile.
    if (end === 0) break;
    lines.push({ text: bytes.toString("utf8", start, end - 1), start: offset + start, end: offset + end });
    start = end;
  }
  return lines;
}

function readLongLine(file: number, start: number, end: number): FileLine {
  if (end - start > MAX_LINE_LENGTH) return { text: undefined, start, end };
  return { text: readPart(file, start, end - 1).toString("utf8"), start, end };
}

function isLineStart(file: number, offset: number): boolean {
  return offset === 0 || readPart(file, offset - 1, offset)[0] === LINE_FEED;
}

/** Returns the offset after the first line feed at or after an offset; undefined if there is none. */
async function findLineEnd(file: number, size: number, from: number): Promise<number | undefined> {
  const turns = new Turns();
  for (let at = from; at < size; at += WINDOW_BYTES) {
    const found = readPart(file, at, Math.min(size, at + WINDOW_BYTES)).indexOf(LINE_FEED);
    if (found >= 0) return at + found + 1;
    await turns.pause();
  }
  return undefined;
}

/** Returns the offset after the last line feed before an offset, or 0. */
async function findLineStart(file: number, before: number): Promise<number> {
  const turns = new Turns();
  for (let at = before; at > 0; at -= WINDOW_BYTES) {
    const from = Math.max(0, at - WINDOW_BYTES);
    const found = readPart(file, from, at).lastIndexOf(LINE_FEED);
    if (found >= 0) return from + found + 1;
    await turns.pause();
  }
  return 0;
}

/** Reads bytes of a file, fewer if it has become shorter. */
function readPart(file: number, from: number, to: number): Buffer {
  const buffer = Buffer.allocUnsafe(Math.max(0, to - from));
  return buffer.subarray(0, buffer.length === 0 ? 0 : readSync(file, buffer, 0, buffer.length, from));
}

/** Reads the beginning of a part of a file as text. */
export function readFilePart(path: string, from: number, to: number): string {
  const file = openRegularFile(path);
  if (file === undefined) return "";
  try {
    return readPart(file, from, to).toString("utf8");
  } finally {
    closeSync(file);
  }
}

import { closeSync, fstatSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { openRegularFile, type RunningDigest } from "./file-digest.ts";

const CHUNK_BYTES = 256 * 1024;

/** A longer line is passed over. */
export const MAX_LINE_LENGTH = 16 * 1024 * 1024;

/**
 * Reads a growing file of lines: each call of `read` gives the lines completed since the last.
 * Bytes that are not UTF-8 become U+FFFD; a torn last line waits until it is whole, or for `rest`.
 * Only regular files are read, and lines up to {@link MAX_LINE_LENGTH}.
 */
export class LineReader {
  readonly #path: string;
  readonly #decoder = new StringDecoder("utf8");
  readonly #digest: RunningDigest | undefined;
  #offset = 0;
  #partial = "";
  #isInLongLine = false;
  #longLines = 0;

  /** @param digest is fed with all bytes that are read */
  constructor(path: string, digest?: RunningDigest) {
    this.#path = path;
    this.#digest = digest;
  }

  /** How many lines were passed over because they are too long. */
  get longLines(): number {
    return this.#longLines;
  }

  /** The new whole lines, without their ends; none where the file does not exist (yet). What is added meanwhile waits. */
  *read(): Generator<string> {
    const file = openRegularFile(this.#path);
    if (file === undefined) return;
    try {
      const { size } = fstatSync(file);
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      while (this.#offset < size) {
        const bytes = readSync(file, chunk, 0, CHUNK_BYTES, this.#offset);
        if (bytes === 0) return;
        this.#offset += bytes;
        this.#digest?.add(chunk.subarray(0, bytes));
        yield* this.#split(this.#decoder.write(chunk.subarray(0, bytes)));
      }
    } finally {
      closeSync(file);
    }
  }

  /** What stands after the last line end: a line that its writer never finished, or nothing. */
  rest(): string {
    return this.#partial + this.#decoder.end();
  }

  *#split(text: string): Generator<string> {
    const end = this.#isInLongLine ? text.indexOf("\n") : -1;
    if (this.#isInLongLine && end < 0) return;
    this.#isInLongLine = false;
    const lines = (this.#partial + text.slice(end + 1)).split("\n");
    this.#partial = lines.pop() ?? "";
    yield* lines;
    if (this.#partial.length <= MAX_LINE_LENGTH) return;
    this.#partial = "";
    this.#isInLongLine = true;
    this.#longLines++;
  }
}

/** Lines of a part of a file, and the byte after the last whole one. */
export interface LineSlice {
  lines: string[];
  /** Where the next slice begins. */
  nextOffset: number;
}

/**
 * Returns the whole lines that begin at or after byte `from`, at most `maxBytes` of them, or one longer line.
 * An offset inside a line skips to the next one.
 */
export function readLinesFrom(path: string, from: number, maxBytes: number): LineSlice {
  const start = Math.max(0, from - 1);
  const bytes = readBytes(path, start, maxBytes + 1);
  const first = from === 0 ? 0 : bytes.indexOf(0x0a) + 1;
  const last = bytes.lastIndexOf(0x0a) + 1;
  if (last <= first) {
    // A line longer than that must not hold the reader up for ever.
    if (bytes.length <= maxBytes) return { lines: [], nextOffset: Math.max(from, start + last) };
    const isTooLong = maxBytes > MAX_LINE_LENGTH;
    return isTooLong ? { lines: [], nextOffset: start + bytes.length } : readLinesFrom(path, from, maxBytes * 4);
  }
  const lines = bytes
    .subarray(first, last - 1)
    .toString("utf8")
    .split("\n");
  return { lines, nextOffset: start + last };
}

/** Returns the whole lines among the last `maxBytes` of a file; reads no more than those. */
export function readLastLines(path: string, maxBytes: number): LineSlice {
  const size = fileSize(path);
  return readLinesFrom(path, Math.max(0, size - maxBytes), maxBytes);
}

/** Returns the last `maxBytes` of a text file; empty where it does not exist. */
export function readTail(path: string, maxBytes: number): string {
  const size = fileSize(path);
  return readBytes(path, Math.max(0, size - maxBytes), maxBytes).toString("utf8");
}

/** The first line of a text file; undefined where it is longer than `maxBytes`, or has no end. */
export function readFirstLine(path: string, maxBytes: number): string | undefined {
  const bytes = readBytes(path, 0, maxBytes);
  const end = bytes.indexOf(0x0a);
  return end < 0 ? undefined : bytes.subarray(0, end).toString("utf8");
}

function fileSize(path: string): number {
  const file = openRegularFile(path);
  if (file === undefined) return 0;
  try {
    return fstatSync(file).size;
  } finally {
    closeSync(file);
  }
}

function readBytes(path: string, from: number, length: number): Buffer {
  const file = openRegularFile(path);
  if (file === undefined) return Buffer.alloc(0);
  try {
    const wanted = Math.max(0, Math.min(length, fstatSync(file).size - from));
    const buffer = Buffer.allocUnsafe(wanted);
    return buffer.subarray(0, readSync(file, buffer, 0, wanted, from));
  } finally {
    closeSync(file);
  }
}

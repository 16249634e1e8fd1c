import { closeSync, fstatSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { openRegularFile, type RunningDigest } from "./file-digest.ts";

const CHUNK_BYTES = 256 * 1024;

/** Maximum length of a line; longer lines are skipped. */
export const MAX_LINE_LENGTH = 16 * 1024 * 1024;

/**
 * Reader for a growing file of lines: each call of `read` returns the lines completed since the last call. Bytes that are not UTF-8 become
 * U+FFFD; a torn last line is kept until it is complete, or for `rest`. Only regular files are read, and lines up to {@link
 * MAX_LINE_LENGTH}.
 */
export class LineReader {
  readonly #path: string;
  readonly #decoder = new StringDecoder("utf8");
  readonly #digest: RunningDigest | undefined;
  #offset = 0;
  #partial = "";
  #isInLongLine = false;
  #longLines = 0;

  /**
   * @param digest receives all bytes that are read
   * @param from offset of the first line
   */
  constructor(path: string, digest?: RunningDigest, from = 0) {
    this.#path = path;
    this.#digest = digest;
    this.#offset = from;
  }

  /** Returns the number of lines that were skipped because they are too long. */
  get longLines(): number {
    return this.#longLines;
  }

  /**
   * Returns the new complete lines, without their ends; none if the file does not exist (yet). Lines added meanwhile are left for the next
   * call.
   */
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

  /** Returns the text after the last line end: a line that its writer did not finish, or nothing. */
  rest(): string {
    return this.#partial + this.#decoder.end();
  }

  *#split(text: string): Generator<string> {
    const end = this.#isInLongLine ? text.indexOf("\n") : -1;
    if (this.#isInLongLine && end < 0) return;
    this.#isInLongLine = false;
    const lines = (this.#partial + text.slice(end + 1)).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) {
      if (line.length <= MAX_LINE_LENGTH) yield line;
      else this.#longLines++;
    }
    if (this.#partial.length <= MAX_LINE_LENGTH) return;
    this.#partial = "";
    this.#isInLongLine = true;
    this.#longLines++;
  }
}

/** Lines of a part of a file, and the offset after the last complete one. */
export interface LineSlice {
  lines: string[];
  /** Offset of the next slice. */
  nextOffset: number;
}

/**
 * Returns the complete lines that begin at or after byte `from`: at most `maxBytes`, or a single longer line. An offset inside a line skips
 * to the next line.
 */
export function readLinesFrom(path: string, from: number, maxBytes: number): LineSlice {
  const start = Math.max(0, from - 1);
  const bytes = readBytes(path, start, maxBytes + 1);
  const first = from === 0 ? 0 : bytes.indexOf(0x0a) + 1;
  const last = bytes.lastIndexOf(0x0a) + 1;
  if (last <= first) {
    // A longer line must not block the reader forever.
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

/** Returns the complete lines among the last `maxBytes` of a file; reads no more than these. */
export function readLastLines(path: string, maxBytes: number): LineSlice {
  const size = fileSize(path);
  return readLinesFrom(path, Math.max(0, size - maxBytes), maxBytes);
}

/** Returns the last `maxBytes` of a text file; empty if it does not exist. */
export function readTail(path: string, maxBytes: number): string {
  const size = fileSize(path);
  return readBytes(path, Math.max(0, size - maxBytes), maxBytes).toString("utf8");
}

/** Returns the first line of a text file; undefined if it is longer than `maxBytes`, or has no end. */
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

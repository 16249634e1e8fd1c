import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { errnoOf } from "./errors.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * Reads a growing file of lines: each call of `read` gives the lines completed since the last.
 * Bytes that are not UTF-8 become U+FFFD; a torn last line waits until it is whole, or for `rest`.
 */
export class LineReader {
  readonly #path: string;
  readonly #decoder = new StringDecoder("utf8");
  #offset = 0;
  #partial = "";

  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  /** The new whole lines, without their ends; none where the file does not exist (yet). */
  *read(): Generator<string> {
    const file = openForReading(this.#path);
    if (file === undefined) return;
    try {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      for (;;) {
        const bytes = readSync(file, chunk, 0, CHUNK_BYTES, this.#offset);
        if (bytes === 0) return;
        this.#offset += bytes;
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
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    yield* lines;
  }
}

/** Lines of a part of a file, and the byte after the last whole one. */
export interface LineSlice {
  lines: string[];
  /** Where the next slice begins. */
  nextOffset: number;
}

/**
 * The whole lines that begin at or after byte `from`, at most `maxBytes` of them, or one longer line.
 * An offset inside a line skips to the next one.
 */
export function readLinesFrom(path: string, from: number, maxBytes: number): LineSlice {
  const start = Math.max(0, from - 1);
  const bytes = readBytes(path, start, maxBytes + 1);
  const first = from === 0 ? 0 : bytes.indexOf(0x0a) + 1;
  const last = bytes.lastIndexOf(0x0a) + 1;
  if (last <= first) {
    // A line longer than that must not hold the reader up for ever.
    const isWhole = bytes.length <= maxBytes;
    return isWhole ? { lines: [], nextOffset: Math.max(from, start + last) } : readLinesFrom(path, from, maxBytes * 4);
  }
  const lines = bytes
    .subarray(first, last - 1)
    .toString("utf8")
    .split("\n");
  return { lines, nextOffset: start + last };
}

/** The whole lines among the last `maxBytes` of a file; reads no more than those. */
export function readLastLines(path: string, maxBytes: number): LineSlice {
  const size = fileSize(path);
  return readLinesFrom(path, Math.max(0, size - maxBytes), maxBytes);
}

/** The last `maxBytes` of a text file; empty where it does not exist. */
export function readTail(path: string, maxBytes: number): string {
  const size = fileSize(path);
  return readBytes(path, Math.max(0, size - maxBytes), maxBytes).toString("utf8");
}

function fileSize(path: string): number {
  const file = openForReading(path);
  if (file === undefined) return 0;
  try {
    return fstatSync(file).size;
  } finally {
    closeSync(file);
  }
}

function readBytes(path: string, from: number, length: number): Buffer {
  const file = openForReading(path);
  if (file === undefined) return Buffer.alloc(0);
  try {
    const wanted = Math.max(0, Math.min(length, fstatSync(file).size - from));
    const buffer = Buffer.allocUnsafe(wanted);
    return buffer.subarray(0, readSync(file, buffer, 0, wanted, from));
  } finally {
    closeSync(file);
  }
}

function openForReading(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

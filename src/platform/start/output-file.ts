import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { takeEnd } from "#base/text.ts";
import { decodeBytes, makeVisible } from "#base/visible-text.ts";
import { writePrivateFile } from "#platform/files/files.ts";
import { logger } from "#base/log.ts";

/** Size of the beginning of an output that is kept, in bytes; it is written as it comes. */
const FIRST_BYTES = 3 * 1024 * 1024;
/** Size of the end of an output that is kept, in bytes, if the whole output is larger. */
const LAST_BYTES = 1024 * 1024;
/** Size of the part of the end that {@link OutputFile.tail} returns, in bytes. */
const TAIL_BYTES = 8 * 1024;

const APPEND = constants.O_WRONLY | constants.O_APPEND | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** File for the output of a program, of which it keeps the beginning and the end. */
export class OutputFile {
  readonly #path: string;
  readonly #file: number | undefined;
  #bytes = 0;
  #last = new LastBytes(LAST_BYTES);
  #tail = new LastBytes(TAIL_BYTES);
  #hasFailed = false;

  /** @param path of the file, which is emptied first; if it cannot be written, only the end is kept, in memory */
  constructor(path: string) {
    this.#path = path;
    this.#file = this.#try(() => openEmpty(path));
  }

  write(chunk: Uint8Array): void {
    const first = chunk.subarray(0, Math.max(0, FIRST_BYTES - this.#bytes));
    this.#bytes += chunk.length;
    this.#put(first);
    this.#last.add(chunk.subarray(first.length));
    this.#tail.add(chunk);
  }

  /** Writes the end of the output, and how much before it is missing. */
  close(): void {
    const missing = this.#bytes - FIRST_BYTES - this.#last.size;
    if (missing > 0) this.#put(Buffer.from(`\n[… ${missing} bytes of output are missing here …]\n`));
    this.#put(this.#last.content());
    const file = this.#file;
    if (file !== undefined) this.#try(() => closeSync(file));
    this.#last = new LastBytes(0);
  }

  /** Returns the end of the output as text, without colours and with its control characters made visible. */
  tail(): string {
    const text = decodeBytes(withoutTornStart(this.#tail.content(), this.#bytes > TAIL_BYTES));
    return takeEnd(makeVisible(Bun.stripANSI(text).replaceAll("\r\n", "\n"), true), TAIL_BYTES);
  }

  #put(bytes: Uint8Array): void {
    const file = this.#file;
    if (file === undefined || bytes.length === 0) return;
    this.#try(() => {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    });
  }

  /** Does what the program does not depend on. A full disk costs the output, and is logged once. */
  #try<T>(work: () => T): T | undefined {
    if (this.#hasFailed) return undefined;
    try {
      return work();
    } catch (error) {
      this.#hasFailed = true;
      logger("platform").warn`the output cannot be written to ${this.#path}: ${String(error)}`;
      return undefined;
    }
  }
}

function openEmpty(path: string): number {
  writePrivateFile(path, "");
  const file = openSync(path, APPEND);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw new Error("it is not a regular file");
}

/** Removes what is left of a character whose beginning was cut off. */
function withoutTornStart(bytes: Buffer, isCut: boolean): Buffer {
  const start = isCut ? bytes.subarray(0, 4).findIndex((byte) => (byte & 0xc0) !== 0x80) : 0;
  return bytes.subarray(Math.max(0, start));
}

/** Last bytes of a stream, up to a limit. */
class LastBytes {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns the number of bytes that are kept. */
  get size(): number {
    return Math.min(this.#size, this.#limit);
  }

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    // Joined rarely, so that many small chunks cost no more than few large ones.
    if (this.#size > 2 * this.#limit || this.#chunks.length > 1024) this.#join();
  }

  content(): Buffer {
    this.#join();
    return Buffer.concat(this.#chunks);
  }

  #join(): void {
    const all = Buffer.concat(this.#chunks);
    // A copy, so that the rest can be freed.
    const kept = Buffer.from(all.subarray(Math.max(0, all.length - this.#limit)));
    this.#chunks = [kept];
    this.#size = kept.length;
  }
}

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { AppError } from "#base/errors.ts";
import { SAFE_OPEN } from "#platform/files/read-file.ts";
import { decodeBytes } from "#base/visible-text.ts";
import { isTerminal, print, printBytes } from "./output.ts";
import { join, multiline, paint, type Style, type StyledText } from "./style.ts";

const CHUNK_BYTES = 64 * 1024;

/** Prints a patch file of any size: byte for byte to a pipe, in colour and in a visible form on a terminal. */
export function printPatch(path: string): void {
  const file = openSync(path, SAFE_OPEN | (constants.O_NOFOLLOW ?? 0));
  try {
    if (!fstatSync(file).isFile()) throw new AppError("state_unusable", `${path} is not a file.`, "Remove it.");
    const painter = isTerminal() ? new PatchPainter() : undefined;
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const bytes = readSync(file, chunk, 0, chunk.length, null);
      if (bytes === 0) break;
      if (painter === undefined) printBytes(chunk.subarray(0, bytes));
      else print(painter.push(chunk.subarray(0, bytes)));
    }
    if (painter !== undefined) print(painter.finish());
  } finally {
    closeSync(file);
  }
}

const LINE_FEED = 0x0a;
const NEW_LINE = multiline("\n");
const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const HEADER =
  /^(?:diff --git |index |--- |\+\+\+ |(?:old|new) mode |(?:new|deleted) file mode |(?:dis)?similarity index |(?:rename|copy) (?:from|to) |Binary files |GIT binary patch)/;

/** Colours a patch as it is read, in pieces of limited size however long its lines are. */
export class PatchPainter {
  #rest: Buffer = Buffer.alloc(0);
  /** Style of the line whose beginning has been printed. */
  #style: Style | undefined;
  /** Number of lines left in the hunk, on each side. Within a hunk no line is a header, even if it looks like one. */
  #left = { old: 0, new: 0 };

  /** Returns the text that can be shown after these further bytes. */
  push(chunk: Buffer): StyledText {
    let bytes = Buffer.concat([this.#rest, chunk]);
    const pieces: StyledText[] = [];
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED)) {
      pieces.push(this.#paint(bytes.subarray(0, end)), NEW_LINE);
      this.#style = undefined;
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length >= CHUNK_BYTES) {
      const end = endOfCharacters(bytes);
      pieces.push(this.#paint(bytes.subarray(0, end)));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    return join(pieces, "");
  }

  /** Returns the text after the last line feed. */
  finish(): StyledText {
    return this.#paint(this.#rest);
  }

  #paint(bytes: Buffer): StyledText {
    const text = decodeBytes(bytes);
    this.#style ??= this.#styleOf(text);
    return paint(multiline(text), this.#style);
  }

  #styleOf(line: string): Style {
    if (line.startsWith("\\")) return "dim"; // no newline at end of file
    if (this.#left.old > 0 || this.#left.new > 0) return this.#styleInHunk(line);
    const hunk = HUNK.exec(line);
    if (hunk === null) return HEADER.test(line) ? "bold" : "plain";
    this.#left = { old: Number(hunk[1] ?? 1), new: Number(hunk[2] ?? 1) };
    return "cyan";
  }

  #styleInHunk(line: string): Style {
    if (!line.startsWith("+")) this.#left.old--;
    if (!line.startsWith("-")) this.#left.new--;
    if (line.startsWith("+")) return "green";
    return line.startsWith("-") ? "red" : "plain";
  }
}

/** Returns the end of the last complete character, because a long line must not be split within one. */
function endOfCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

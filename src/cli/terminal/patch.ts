import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { AppError } from "#base/errors.ts";
import { SAFE_OPEN } from "#platform/files/read-file.ts";
import { decodeBytes } from "#base/visible-text.ts";
import type { PatchDisplay, PatchPart } from "#git/terminal-settings.ts";
import { startPager } from "#platform/start/start-pager.ts";
import { isTerminal, print, printBytes, renderForTerminal } from "./output.ts";
import { compose, join, multiline, paint, type Style, type StyledText, userStyle } from "./style.ts";

const CHUNK_BYTES = 64 * 1024;

/** Prints a patch file of any size: byte for byte to a pipe, in colour and in a visible form on a terminal. */
export async function printPatch(path: string, display: PatchDisplay): Promise<void> {
  if (!isTerminal()) {
    for (const chunk of readChunks(path)) printBytes(chunk);
    return;
  }
  const styles = display.hasColour ? stylesOf(display) : {};
  if (display.pager !== undefined && (await pagePatch(path, new PatchPainter(styles), display.pager))) return;
  for (const text of paintChunks(path, new PatchPainter(styles))) print(text);
}

/**
 * Shows a patch in a pager, which gets the text that the terminal would get.
 * @returns false if there is no such pager
 */
async function pagePatch(path: string, painter: PatchPainter, command: string): Promise<boolean> {
  // As git sets them, unless the user does: quit if all fits, colours, and the screen stays.
  const pager = startPager(command, { LESS: "FRX", LV: "-c", ...process.env });
  let isThere = true;
  try {
    for (const text of paintChunks(path, painter)) {
      if (!(await pager.write(renderForTerminal(text)))) break;
    }
  } finally {
    isThere = await pager.close();
  }
  return isThere;
}

function* paintChunks(path: string, painter: PatchPainter): Generator<StyledText> {
  for (const chunk of readChunks(path)) yield painter.push(chunk);
  yield painter.finish();
}

function* readChunks(path: string): Generator<Buffer> {
  const file = openSync(path, SAFE_OPEN | (constants.O_NOFOLLOW ?? 0));
  try {
    if (!fstatSync(file).isFile()) throw new AppError("state_unusable", `${path} is not a file.`, "Remove it.");
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let bytes = readSync(file, chunk); bytes > 0; bytes = readSync(file, chunk)) yield chunk.subarray(0, bytes);
  } finally {
    closeSync(file);
  }
}

/** Styles of the parts of a patch. */
type PatchStyles = Partial<Record<PatchPart, Style>>;

/** Colours that git uses by default. */
const GIT_STYLES: PatchStyles = { meta: "bold", frag: "cyan", old: "red", new: "green" };

function stylesOf({ colours }: PatchDisplay): PatchStyles {
  const chosen = Object.entries(colours).map(([part, codes]) => [part, userStyle(codes)] as const);
  return { ...GIT_STYLES, ...Object.fromEntries(chosen) };
}

const LINE_FEED = 0x0a;
const NEW_LINE = multiline("\n");
const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const HEADER =
  /^(?:diff --git |index |--- |\+\+\+ |(?:old|new) mode |(?:new|deleted) file mode |(?:dis)?similarity index |(?:rename|copy) (?:from|to) |Binary files |GIT binary patch)/;

/** Colours a patch as it is read, in pieces of limited size however long its lines are. */
export class PatchPainter {
  readonly #styles: PatchStyles;
  #rest: Buffer = Buffer.alloc(0);
  /** Style of the line whose beginning has been printed. */
  #style: Style | undefined;
  /** Number of lines left in the hunk, on each side. Within a hunk no line is a header, even if it looks like one. */
  #left = { old: 0, new: 0 };

  constructor(styles: PatchStyles = GIT_STYLES) {
    this.#styles = styles;
  }

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
    if (this.#style !== undefined) return paint(multiline(text), this.#style);
    const hunk = this.#isInHunk ? undefined : HUNK.exec(text)?.[0];
    this.#style = this.#styles[this.#partOf(text)] ?? "plain";
    if (hunk === undefined) return paint(multiline(text), this.#style);
    // The line after which the hunk comes has a colour of its own.
    const range = paint(hunk, this.#style);
    this.#style = this.#styles.func ?? "plain";
    return compose`${range}${paint(multiline(text.slice(hunk.length)), this.#style)}`;
  }

  get #isInHunk(): boolean {
    return this.#left.old > 0 || this.#left.new > 0;
  }

  #partOf(line: string): PatchPart {
    if (line.startsWith("\\")) return "context"; // no newline at end of file
    if (this.#isInHunk) return this.#partInHunk(line);
    const hunk = HUNK.exec(line);
    if (hunk === null) return HEADER.test(line) ? "meta" : "context";
    this.#left = { old: Number(hunk[1] ?? 1), new: Number(hunk[2] ?? 1) };
    return "frag";
  }

  #partInHunk(line: string): PatchPart {
    if (!line.startsWith("+")) this.#left.old--;
    if (!line.startsWith("-")) this.#left.new--;
    if (line.startsWith("+")) return "new";
    return line.startsWith("-") ? "old" : "context";
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

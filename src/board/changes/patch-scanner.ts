import { toText } from "#git/byte-names.ts";
import { unquotePath } from "#git/quote-path.ts";
import type { ChangedPath } from "#board/api/changes.ts";

/** Longest header line that is looked at, in bytes: two quoted paths. */
const MAX_HEADER_BYTES = 64 * 1024;
const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const FILE = "diff --git ";
const [LINE_FEED, PLUS, MINUS, BACKSLASH] = [0x0a, 0x2b, 0x2d, 0x5c];

/** File of a patch while it is read. */
interface Section extends ChangedPath {
  rows: { unified: number; split: number };
  modes: { old?: string; new?: string };
  digest: string;
}

/**
 * Reads the files of a patch by git, whatever the bytes of their names and lines: a line within a hunk is never a header, because the lines of
 * each hunk are counted. The patch comes in parts of any size; memory grows with the number of files only.
 */
export class PatchScanner {
  readonly #files: Section[] = [];
  #file: Section | undefined;
  /** Lines that the current hunk still has. */
  readonly #left = { old: 0, new: 0 };
  /** Removed and added lines next to each other, which are shown side by side in two columns. */
  readonly #block = { removed: 0, added: 0 };
  /** Beginning of a line whose end has not come yet. */
  #partial: Buffer = Buffer.alloc(0);
  #lineStart = 0;
  #at = 0;

  /** Reads the next part. */
  feed(part: Buffer): void {
    let start = 0;
    for (let end = part.indexOf(LINE_FEED); end >= 0; end = part.indexOf(LINE_FEED, start)) {
      this.#takeLine(this.#withPartial(part.subarray(start, Math.min(end, start + MAX_HEADER_BYTES))));
      this.#partial = Buffer.alloc(0);
      start = end + 1;
      this.#lineStart = this.#at + start;
    }
    this.#partial = Buffer.from(this.#withPartial(part.subarray(start, start + MAX_HEADER_BYTES)));
    this.#at += part.length;
  }

  /** Returns the files after the last part. */
  end(): ChangedPath[] {
    if (this.#partial.length > 0) this.#takeLine(this.#partial);
    this.#endFile(this.#at);
    return this.#files;
  }

  #withPartial(line: Buffer): Buffer {
    if (this.#partial.length === 0) return line;
    return Buffer.concat([this.#partial, line.subarray(0, MAX_HEADER_BYTES - this.#partial.length)]);
  }

  #takeLine(line: Buffer): void {
    if (this.#left.old > 0 || this.#left.new > 0) return this.#countLine(line[0]);
    const text = line.toString("latin1");
    if (text.startsWith(FILE)) {
      this.#endFile(this.#lineStart);
      this.#file = beginSection(text.slice(FILE.length), this.#lineStart);
    } else if (this.#file !== undefined) this.#takeHeader(text, this.#file);
  }

  #takeHeader(text: string, file: Section): void {
    const [header, oldCount = "1", newCount = "1"] = HUNK.exec(text) ?? [];
    if (header === undefined) return readHeader(text, file);
    this.#endBlock();
    Object.assign(this.#left, { old: Number(oldCount), new: Number(newCount) });
    file.rows.unified++;
    file.rows.split++;
  }

  #countLine(first: number | undefined): void {
    const file = this.#file;
    if (file === undefined || first === BACKSLASH) return;
    file.rows.unified++;
    if (first === PLUS) {
      file.insertions++;
      this.#block.added++;
      this.#left.new--;
    } else if (first === MINUS) {
      if (this.#block.added > 0) this.#endBlock();
      file.deletions++;
      this.#block.removed++;
      this.#left.old--;
    } else {
      this.#endBlock();
      file.rows.split++;
      this.#left.old--;
      this.#left.new--;
    }
  }

  #endBlock(): void {
    const { removed, added } = this.#block;
    if (this.#file !== undefined) this.#file.rows.split += Math.max(removed, added);
    Object.assign(this.#block, { removed: 0, added: 0 });
  }

  #endFile(at: number): void {
    this.#endBlock();
    const file = this.#file;
    if (file === undefined) return;
    file.length = at - file.offset;
    file.digest = Bun.hash(JSON.stringify([file.digest, file.modes, file.from])).toString(36);
    const before = this.#files.at(-1);
    // A file that became a link, or the reverse, has two sections.
    if (before?.path === file.path && before.status === "deleted" && file.status === "added") join(before, file);
    else this.#files.push(file);
    this.#file = undefined;
  }
}

/** Begins a section. @param names old and new name with their prefixes, which are the same unless further lines name them */
function beginSection(names: string, offset: number): Section {
  const name = unquotePath(names.slice(0, (names.length - 1) / 2));
  return {
    path: toText(name.slice("a/".length)),
    status: "modified",
    insertions: 0,
    deletions: 0,
    is_binary: false,
    offset,
    length: 0,
    rows: { unified: 0, split: 0 },
    modes: {},
    digest: "",
  };
}

/** Effects of the lines before the first hunk, by their beginnings. */
const HEADERS: readonly [string, (file: Section, value: string) => void][] = [
  ["new file mode ", (file, mode) => Object.assign(file, { status: "added", modes: { new: mode } })],
  ["deleted file mode ", (file, mode) => Object.assign(file, { status: "deleted", modes: { old: mode } })],
  ["old mode ", (file, mode) => (file.modes.old = mode)],
  ["new mode ", (file, mode) => (file.modes.new = mode)],
  ["rename from ", (file, name) => Object.assign(file, { status: "renamed", from: nameOf(name) })],
  ["copy from ", (file, name) => Object.assign(file, { status: "copied", from: nameOf(name) })],
  ["rename to ", (file, name) => (file.path = nameOf(name))],
  ["copy to ", (file, name) => (file.path = nameOf(name))],
  ["index ", (file, objects) => (file.digest = objects)],
  ["Binary files ", (file) => (file.is_binary = true)],
  ["GIT binary patch", (file) => (file.is_binary = true)],
];

function readHeader(text: string, file: Section): void {
  for (const [beginning, take] of HEADERS) {
    if (text.startsWith(beginning)) return take(file, text.slice(beginning.length));
  }
}

function nameOf(quoted: string): string {
  return toText(unquotePath(quoted));
}

function join(file: Section, other: Section): void {
  file.status = "type";
  file.insertions += other.insertions;
  file.deletions += other.deletions;
  file.is_binary ||= other.is_binary;
  file.length = other.offset + other.length - file.offset;
  file.rows = { unified: file.rows.unified + other.rows.unified, split: file.rows.split + other.rows.split };
  file.modes = { ...file.modes, ...other.modes };
  file.digest += other.digest;
}

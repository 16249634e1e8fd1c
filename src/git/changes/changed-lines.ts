import { AppError } from "#base/errors.ts";
import { type ByteName, fromBytes, toText } from "#git/byte-names.ts";
import { gitBytes } from "#git/git.ts";
import { quotePath } from "#git/quote-path.ts";
import { type Comparison, PATCH_FLAGS } from "./compare.ts";
import { GITLINK } from "./status.ts";

/** File of a diff, with the lines that its hunks show. */
export interface ChangedFile {
  /** Name for people; bytes that are not UTF-8 are escaped. */
  path: string;
  name: ByteName;
  status: "added" | "deleted" | "modified" | "renamed" | "type changed";
  /** Old path of a renamed file. */
  from?: string;
  /** Whether the file has no lines: it is binary, or a submodule. */
  isOpaque: boolean;
  /** First and last line of each hunk, unchanged lines around the changes included; of a deleted or emptied file, before the change. */
  hunks: [first: number, last: number][];
}

/** A diff: its files, and the patch. */
export interface LineDiff {
  files: ChangedFile[];
  patch: Buffer;
}

/** Largest patch that is read, in bytes; far more than a model can read. */
const MAX_PATCH_BYTES = 128 * 1024 * 1024;

/**
 * Reads the files and changed lines of a comparison.
 * @throws AppError `git_failed` if the patch is larger than 128 MiB, and as `git` does
 */
export async function readLineDiff(worktree: string, { command, options }: Comparison): Promise<LineDiff> {
  const args = command(["--raw", "-z", ...PATCH_FLAGS]);
  return parseLineDiff(await gitBytes(worktree, args, { ...options, maxOutputBytes: MAX_PATCH_BYTES }));
}

/**
 * Parses the output of `git diff --raw -z --patch`: entries that end with NUL, an empty one, and the patch.
 * @throws AppError `git_failed` if it is not in that form
 */
export function parseLineDiff(output: Buffer): LineDiff {
  const files: Entry[] = [];
  let at = 0;
  const next = () => {
    const end = output.indexOf(0, at);
    const field = output.subarray(at, end < 0 ? output.length : end);
    at = end < 0 ? output.length : end + 1;
    return fromBytes(field);
  };
  while (output[at] === COLON) files.push(readEntry(next(), next));
  // The empty field before the patch; without a patch there is none.
  if (output[at] === 0) at++;
  const patch = output.subarray(at);
  return { files: readSections(patch, files), patch };
}

/** Entry of the list, with what is needed to recognise its section of the patch. */
interface Entry extends ChangedFile {
  header: string;
  isSubmodule: boolean;
}

const COLON = 0x3a;
const STATUSES: Record<string, ChangedFile["status"]> = {
  A: "added",
  C: "added",
  D: "deleted",
  M: "modified",
  R: "renamed",
  T: "type changed",
};

function readEntry(fields: string, next: () => ByteName): Entry {
  const [oldMode = "", newMode, , , letters = ""] = fields.slice(1).split(" ");
  const letter = letters.charAt(0);
  const from = letter === "R" || letter === "C" ? next() : undefined;
  const name = next();
  const status = STATUSES[letter] ?? "modified";
  const isSubmodule = newMode === GITLINK || (status === "deleted" && oldMode === GITLINK);
  return {
    path: toText(name),
    name,
    status,
    ...(status === "renamed" && from !== undefined && { from: toText(from) }),
    isOpaque: isSubmodule,
    isSubmodule,
    hunks: [],
    header: `diff --git ${quotePath(`a/${from ?? name}`)} ${quotePath(`b/${name}`)}`,
  };
}

const LINE_FEED = 0x0a;
/** Longest header line that is looked at, in bytes: two quoted paths. */
const MAX_HEADER_BYTES = 64 * 1024;
const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/**
 * Assigns the sections of a patch to its files, which are in the same order. An entry without a section is a file whose content does not
 * differ; one whose type changed has two, of which the last describes the new file.
 */
function readSections(patch: Buffer, entries: readonly Entry[]): ChangedFile[] {
  const seen = new Set<ChangedFile>();
  let index = 0;
  const left = { old: 0, new: 0 };
  for (let at = 0; at < patch.length;) {
    const end = patch.indexOf(LINE_FEED, at);
    const stop = end < 0 ? patch.length : end;
    const first = patch[at];
    if (left.old > 0 || left.new > 0) countLine(left, first);
    else {
      const line = patch.toString("latin1", at, Math.min(stop, at + MAX_HEADER_BYTES));
      if (line.startsWith("diff --git ")) {
        index = entries.findIndex((entry, each) => each >= index && entry.header === line);
        const entry = entries[index];
        if (entry === undefined) throw misread(line);
        seen.add(entry);
        entry.hunks = [];
        entry.isOpaque = entry.isSubmodule;
      } else readHeader(line, entries[index], left);
    }
    at = stop + 1;
  }
  return entries.filter((entry) => seen.has(entry)).map(({ header: _header, isSubmodule: _is, ...file }) => file);
}

/** Counts a line of a hunk. Within a hunk no line is a header, even if it looks like one. */
function countLine(left: { old: number; new: number }, first: number | undefined): void {
  if (first === BACKSLASH) return; // no line feed at the end of the file
  if (first !== PLUS) left.old--;
  if (first !== MINUS) left.new--;
}

const [BACKSLASH, PLUS, MINUS] = [0x5c, 0x2b, 0x2d];

function readHeader(line: string, file: ChangedFile | undefined, left: { old: number; new: number }): void {
  if (file === undefined) return;
  if (line.startsWith("Binary files ")) file.isOpaque = true;
  const [, oldStart, oldCount = "1", newStart, newCount = "1"] = HUNK.exec(line) ?? [];
  if (oldStart === undefined) return;
  left.old = Number(oldCount);
  left.new = Number(newCount);
  if (file.isOpaque) return;
  // Without lines after the change, only those before it can be meant.
  const [start, count] = left.new === 0 ? [Number(oldStart), left.old] : [Number(newStart), left.new];
  if (count > 0) file.hunks.push([start, start + count - 1]);
}

function misread(line: string): AppError {
  return new AppError(
    "git_failed",
    `git printed a patch of a file that it did not list: ${line.slice(0, 200)}.`,
    "Start the review again; a file may have changed in the meantime.",
  );
}

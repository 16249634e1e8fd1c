import { accessSync, constants, lstatSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "#base/errors.ts";
import { gitBytes } from "#git/git.ts";
import { withIndexCopy } from "./index-copy.ts";
import { LOOK_ONLY_FLAGS } from "#git/local-programs.ts";
import { type ByteName, nameOf, toBytes } from "#git/byte-names.ts";
import { isClean, type Look, type SeenWorktree, type WorktreeStatus } from "./status.ts";

/**
 * Flags of every comparison of ours. The commands are those that read the fewest settings, and what they read is set here, so
 * that a patch is the same whatever the user has configured: one that `git apply` takes. No program of anybody's is run for it.
 */
const DIFF_FLAGS = [
  "--no-ext-diff",
  "--no-textconv",
  "--no-color",
  "--submodule=short",
  ...LOOK_ONLY_FLAGS,
  "--full-index",
  "--src-prefix=a/",
  "--dst-prefix=b/",
  "--diff-algorithm=default",
  "--indent-heuristic",
  "-O/dev/null",
  "-l1000",
];
const SETTINGS = ["diff.suppressBlankEmpty=false", "core.quotePath=true", "core.safecrlf=false"].flatMap((setting) => [
  "-c",
  setting,
]);

/** Flags that ask for a patch. */
export const AS_PATCH = ["--find-renames", "-p", "--unified=3", "--inter-hunk-context=0"];

/** A comparison: the words of a git command, and how it is run. */
export interface Comparison {
  /** Returns the command with further flags. @param paths files and folders that it is about; none: all */
  command: (flags: readonly string[], paths?: readonly string[]) => string[];
  look: Look;
}

/** Returns the words of a command that compares two commits. */
export function compareCommits(
  from: string,
  to: string,
  flags: readonly string[],
  paths: readonly string[] = [],
): string[] {
  return compare(["diff-tree", "-r"], flags, [from, to], paths);
}

function compare(
  command: readonly string[],
  flags: readonly string[],
  revisions: readonly string[],
  paths: readonly string[] = [],
): string[] {
  return [...SETTINGS, "--literal-pathspecs", ...command, ...DIFF_FLAGS, ...flags, ...revisions, "--", ...paths];
}

/** A file in what `git diff --numstat -z` answers. */
export interface FileLines {
  path: string;
  /** Where it was, of one that was renamed. */
  from: string | undefined;
  /** Empty for a binary file. */
  lines: { added?: number; deleted?: number };
}

/** Parses `added TAB deleted TAB path`, or for a rename `added TAB deleted TAB`, old path, new path. */
export function parseNumstat(fields: readonly string[]): FileLines[] {
  const rest = fields.values();
  return rest
    .map((field) => {
      const [added = "", deleted = "", ...name] = field.split("\t");
      const lines = added === "-" ? {} : { added: Number(added), deleted: Number(deleted) };
      const path = name.join("\t");
      if (path !== "") return { path, from: undefined, lines };
      const from = rest.next().value;
      return { from, path: rest.next().value ?? "", lines };
    })
    .toArray();
}

/**
 * Compares a worktree's files with a commit, new files included. Neither index nor files nor objects are touched.
 * @throws AppError as `git` does
 */
export async function withComparison<T>(
  worktree: string,
  baseCommit: string,
  { status, look }: SeenWorktree,
  read: (comparison: Comparison) => Promise<T>,
): Promise<T> {
  const { head } = status;
  if (isClean(status) && head !== undefined) {
    return read({ command: (flags, paths) => compareCommits(baseCommit, head, flags, paths), look });
  }
  return withIndexCopy(worktree, async (copy) => {
    const ofCopy = { ...look, environment: { ...look.environment, ...copy } };
    await listNewFiles(worktree, status, ofCopy);
    return read({ command: (flags, paths) => compare(["diff-index"], flags, [baseCommit], paths), look: ofCopy });
  });
}

/** A split index would have its other half written to git's own folder. */
const WHOLE = ["-c", "core.splitIndex=false"];

/**
 * Puts the names of new files into the index that is in force, and of those with conflicts: what they hold is read from the
 * worktree when they are compared. Times of files that were only touched are set right, too.
 */
async function listNewFiles(worktree: string, status: WorktreeStatus, look: Look): Promise<void> {
  const { suitable } = await partSuitable(worktree, status.untracked);
  const object = emptyFileOf(status.head);
  const entry = (mode: string, name: ByteName) => `${mode} ${object} 0\t${name}\0`;
  const resolved = status.unmerged.filter((name) => statusOf(worktree, name) !== "missing");
  const entries = [
    ...status.unmerged.map((name) => entry("0", name)),
    ...[...suitable, ...resolved, ...status.intended].map((name) => entry("100644", name)),
  ];
  const update = (flags: readonly string[], input: string) =>
    gitBytes(worktree, [...WHOLE, "update-index", "-z", ...flags], { ...look, input: toBytes(input) });
  await update(["-q", "--unmerged", "--ignore-submodules", "--refresh", "--index-info"], entries.join(""));
  // One file that cannot be read would fail the comparison of all.
  const ofTracked = status.unreadable.filter((name) => !name.endsWith("/")).map(nameOf);
  const modified = status.modified.filter((name) => statusOf(worktree, name) === "unreadable");
  const unreadable = [...ofTracked, ...modified].map((name) => `${name}\0`).join("");
  if (unreadable !== "") await update(["--skip-worktree", "--stdin"], unreadable);
}

/** Returns the object name of an empty file's content. */
function emptyFileOf(commit: string | undefined): string {
  const isSha256 = commit?.length === 64;
  return isSha256
    ? "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
    : "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
}

/** Larger files are no source: they are neither committed nor compared by us. */
const MAX_NEW_FILE_BYTES = 1024 * 1024 * 1024;

/** Files whose size is looked up before the event loop gets its turn. */
const SIZES_AT_ONCE = 500;

/** New files of a worktree, by what can be done with them. */
interface NewFiles {
  suitable: ByteName[];
  /** Added to an index, these would be links that lead nowhere, and git refuses those without a commit. */
  repositories: ByteName[];
  tooLarge: ByteName[];
  unreadable: ByteName[];
}

/** Parts new files from those that can be neither committed nor compared. */
export async function partSuitable(worktree: string, untracked: readonly ByteName[]): Promise<NewFiles> {
  const parts: NewFiles = { suitable: [], repositories: [], tooLarge: [], unreadable: [] };
  for (const [index, name] of untracked.entries()) {
    if (index % SIZES_AT_ONCE === SIZES_AT_ONCE - 1) await Bun.sleep(0);
    if (name.endsWith("/")) parts.repositories.push(name.slice(0, -1));
    else {
      const status = statusOf(worktree, name);
      parts[status === "missing" ? "suitable" : status].push(name);
    }
  }
  return parts;
}

function statusOf(worktree: string, name: ByteName): "suitable" | "tooLarge" | "unreadable" | "missing" {
  const path = toBytes(`${nameOf(join(worktree, "/"))}${name}`);
  try {
    const stat = lstatSync(path);
    if (stat.size > MAX_NEW_FILE_BYTES) return "tooLarge";
    if (stat.isFile()) accessSync(path, constants.R_OK);
    return "suitable";
  } catch (error) {
    return errnoOf(error) === "EACCES" ? "unreadable" : "missing";
  }
}

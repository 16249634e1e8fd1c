import { accessSync, constants, lstatSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "#base/errors.ts";
import { gitBytes } from "#git/git.ts";
import { withIndexCopy } from "./index-copy.ts";
import { READ_ONLY_FLAGS } from "#git/local-programs.ts";
import { type ByteName, toByteName, toBytes } from "#git/byte-names.ts";
import { isClean, type InspectedWorktree, type StatusOptions, type WorktreeStatus } from "./status.ts";

/**
 * Flags of all comparisons. The commands are those that read the fewest settings, and the settings they read are fixed here, so
 * that a patch does not depend on the user's configuration and `git apply` accepts it. No configured program is run.
 */
const DIFF_FLAGS = [
  "--no-ext-diff",
  "--no-textconv",
  "--no-color",
  "--submodule=short",
  ...READ_ONLY_FLAGS,
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

/** Flags that request a patch. */
export const PATCH_FLAGS = ["--find-renames", "-p", "--unified=3", "--inter-hunk-context=0"];

/** A comparison: the arguments of a git command, and the options to run it. */
export interface Comparison {
  /** Returns the command with further flags. @param paths files and folders to compare; all if empty */
  command: (flags: readonly string[], paths?: readonly string[]) => string[];
  options: StatusOptions;
}

/** Returns the arguments of a command that compares two commits. */
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

/** A file in the output of `git diff --numstat -z`. */
export interface FileLines {
  path: string;
  /** Old path of a renamed file. */
  from: string | undefined;
  /** Numbers of changed lines; empty for a binary file. */
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
  { status, options }: InspectedWorktree,
  read: (comparison: Comparison) => Promise<T>,
): Promise<T> {
  const { head } = status;
  if (isClean(status) && head !== undefined) {
    return read({ command: (flags, paths) => compareCommits(baseCommit, head, flags, paths), options });
  }
  return withIndexCopy(worktree, options.environment ?? {}, async (environment) => {
    const ofCopy = { ...options, environment };
    await listNewFiles(worktree, status, ofCopy);
    return read({ command: (flags, paths) => compare(["diff-index"], flags, [baseCommit], paths), options: ofCopy });
  });
}

/**
 * Adds the names of new files, and of files with conflicts, to the index in use: their contents are read from the worktree for
 * the comparison. Also updates the times of files that were only touched.
 */
async function listNewFiles(worktree: string, status: WorktreeStatus, options: StatusOptions): Promise<void> {
  const { suitable } = await splitUntracked(worktree, status.untracked);
  const object = emptyFileOf(status.head);
  const entry = (mode: string, name: ByteName) => `${mode} ${object} 0\t${name}\0`;
  const resolved = status.unmerged.filter((name) => statusOf(worktree, name) !== "missing");
  const entries = [
    ...status.unmerged.map((name) => entry("0", name)),
    ...[...suitable, ...resolved, ...status.intended].map((name) => entry("100644", name)),
  ];
  const update = (flags: readonly string[], input: string) =>
    gitBytes(worktree, ["update-index", "-z", ...flags], { ...options, input: toBytes(input) });
  await update(["-q", "--unmerged", "--ignore-submodules", "--refresh", "--index-info"], entries.join(""));
  // A single unreadable file would make the whole comparison fail.
  const ofTracked = status.unreadable.filter((name) => !name.endsWith("/")).map(toByteName);
  const modified = status.modified.filter((name) => statusOf(worktree, name) === "unreadable");
  const unreadable = [...ofTracked, ...modified].map((name) => `${name}\0`).join("");
  if (unreadable !== "") await update(["--skip-worktree", "--stdin"], unreadable);
}

/** Returns the object name of an empty file. */
function emptyFileOf(commit: string | undefined): string {
  const isSha256 = commit?.length === 64;
  return isSha256
    ? "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
    : "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
}

/** Maximum size of a new file in bytes; larger ones are not source code, and are neither committed nor compared. */
const MAX_NEW_FILE_BYTES = 1024 * 1024 * 1024;

/** Number of files whose size is read before yielding to the event loop. */
const SIZES_AT_ONCE = 500;

/** New files of a worktree, by how they can be handled. */
interface NewFiles {
  suitable: ByteName[];
  /** Repositories: as index entries they would be links without a target, which git refuses if they have no commit. */
  repositories: ByteName[];
  tooLarge: ByteName[];
  unreadable: ByteName[];
}

/** Separates suitable new files from those that can be neither committed nor compared. */
export async function splitUntracked(worktree: string, untracked: readonly ByteName[]): Promise<NewFiles> {
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
  const path = toBytes(`${toByteName(join(worktree, "/"))}${name}`);
  try {
    const stat = lstatSync(path);
    if (stat.size > MAX_NEW_FILE_BYTES) return "tooLarge";
    if (stat.isFile()) accessSync(path, constants.R_OK);
    return "suitable";
  } catch (error) {
    return errnoOf(error) === "EACCES" ? "unreadable" : "missing";
  }
}

import { statSync } from "node:fs";
import { compareCommits, PATCH_FLAGS, parseNumstat, withComparison } from "./compare.ts";
import { gitBytes, gitToFile } from "#git/git.ts";
import { type GitEnvironment, WITHOUT_NETWORK } from "#git/run-git.ts";
import { splitNul, toText } from "#git/byte-names.ts";
import { inspectWorktree, type InspectedWorktree } from "./status.ts";

/** A difference in one file. */
export interface FileChange {
  path: string;
  status: "added" | "deleted" | "modified" | "renamed" | "type changed";
  /** Old path of a renamed file. */
  from?: string;
  /** Numbers of changed lines; absent for binary files. */
  added?: number;
  deleted?: number;
}

/** Differences between a worktree and its base: commits, changes and new files. */
export interface WorktreeDiff {
  files: FileChange[];
  /** Size of the written patch in bytes. */
  patchBytes: number;
}

const STATUSES: Record<string, FileChange["status"]> = {
  A: "added",
  D: "deleted",
  M: "modified",
  R: "renamed",
  T: "type changed",
};

/**
 * Compares a worktree with a commit, and writes the patch, in a form that `git apply` accepts, to a file. Neither index nor
 * files are touched.
 * @param paths files and folders to include in the patch; all if empty
 * @param seen a status that was just read, to avoid reading it again
 * @throws AppError `git_failed`
 */
export async function writeWorktreeDiff(
  worktree: string,
  baseCommit: string,
  paths: readonly string[],
  patchFile: string,
  seen?: InspectedWorktree,
): Promise<WorktreeDiff> {
  return withComparison(
    worktree,
    baseCommit,
    seen ?? (await inspectWorktree(worktree)),
    async ({ command, options }) => {
      const [files] = await Promise.all([
        gitBytes(worktree, command(["--find-renames", "--raw", "--numstat", "-z"]), options).then(readFiles),
        gitToFile(worktree, command([...PATCH_FLAGS, "--binary"], paths), patchFile, options),
      ]);
      return { files, patchBytes: statSync(patchFile).size };
    },
  );
}

/** Writes the patch that {@link writeWorktreeDiff} writes, without the contents of binary files: for people. @throws AppError `git_failed` */
export async function writeShownPatch(worktree: string, baseCommit: string, patchFile: string): Promise<void> {
  await withComparison(worktree, baseCommit, await inspectWorktree(worktree), async ({ command, options }) =>
    gitToFile(worktree, command(PATCH_FLAGS), patchFile, options),
  );
}

/** Writes the patch between two commits as {@link writeShownPatch} does. @throws AppError `git_failed` */
export async function writeShownCommits(
  folder: string,
  [from, to]: readonly [string, string],
  patchFile: string,
): Promise<void> {
  await gitToFile(folder, compareCommits(from, to, PATCH_FLAGS), patchFile, { environment: WITHOUT_NETWORK });
}

/**
 * Compares two trees or commits.
 * @param environment variables of the git commands, which also name further objects
 * @throws AppError as `git` does
 */
export async function readTreeChanges(
  folder: string,
  [from, to]: readonly [string, string],
  environment: GitEnvironment,
): Promise<FileChange[]> {
  const args = compareCommits(from, to, ["--find-renames", "--raw", "--numstat", "-z"]);
  return gitBytes(folder, args, { environment: { ...WITHOUT_NETWORK, ...environment } }).then(readFiles);
}

/**
 * Writes the patch between two trees or commits to a file, in a form that `git apply` accepts.
 * @param paths files and folders to include; all if empty
 * @returns its size in bytes
 * @throws AppError as `git` does
 */
export async function writeTreePatch(
  folder: string,
  [from, to]: readonly [string, string],
  paths: readonly string[],
  patchFile: string,
  environment: GitEnvironment,
): Promise<number> {
  const args = compareCommits(from, to, [...PATCH_FLAGS, "--binary"], paths);
  await gitToFile(folder, args, patchFile, { environment: { ...WITHOUT_NETWORK, ...environment } });
  return statSync(patchFile).size;
}

/** Parses lines of `--raw` (a colon, modes, objects, letter; then one name or two), then those of `--numstat`. */
function readFiles(answer: Buffer): FileChange[] {
  const fields = splitNul(answer).map(toText);
  const files: FileChange[] = [];
  while (fields[0]?.startsWith(":") === true) {
    const letter = (fields.shift()?.split(" ")[4] ?? "").charAt(0);
    const from = letter === "R" || letter === "C" ? fields.shift() : undefined;
    const path = fields.shift() ?? "";
    const status = letter === "C" ? "added" : (STATUSES[letter] ?? "modified");
    files.push({ path, status, ...(status === "renamed" && from !== undefined && { from }) });
  }
  const lines = new Map(parseNumstat(fields).map((each) => [each.path, each.lines]));
  for (const file of files) Object.assign(file, lines.get(file.path));
  return files;
}

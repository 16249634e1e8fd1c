import { statSync } from "node:fs";
import { git } from "./git.ts";
import { SAFE_DIFF, withNewFilesListed } from "./changes.ts";
import { withoutLocalPrograms } from "./local-programs.ts";

/** What is the matter with one file. */
export interface FileChange {
  path: string;
  status: "added" | "deleted" | "modified" | "renamed" | "type changed";
  /** Where it was, of one that was renamed. */
  from?: string;
  /** Lines; absent of binary files. */
  added?: number;
  deleted?: number;
}

/** A worktree against its base: commits, changes and new files alike. */
export interface WorktreeDiff {
  files: FileChange[];
  /** Bytes of the patch that was written. */
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
 * Compares a worktree with a commit, and writes the patch, which `git apply` takes, to a file. Neither index nor files are
 * touched.
 * @param paths files and folders that the patch is about; none: all
 * @throws AppError `git_failed`
 */
export async function writeWorktreeDiff(
  worktree: string,
  baseCommit: string,
  paths: readonly string[],
  patchFile: string,
): Promise<WorktreeDiff> {
  const look = { environment: await withoutLocalPrograms(worktree) };
  return withNewFilesListed(worktree, look, async ({ environment }) => {
    const diff = (args: readonly string[]) =>
      git(worktree, ["--literal-pathspecs", "diff", ...SAFE_DIFF, "--no-color", ...args], environment);
    const [names, numbers] = await Promise.all([
      diff(["--find-renames", "--name-status", "-z", baseCommit, "--"]),
      diff(["--find-renames", "--numstat", "-z", baseCommit, "--"]),
      diff(["--find-renames", "--binary", `--output=${patchFile}`, baseCommit, "--", ...paths]),
    ]);
    return { files: readFiles(names, numbers), patchBytes: statSync(patchFile).size };
  });
}

function readFiles(names: string, numbers: string): FileChange[] {
  const lines = readNumbers(numbers);
  const fields = names.split("\0");
  const files: FileChange[] = [];
  while (fields.length > 1) {
    const letter = (fields.shift() ?? "").charAt(0);
    const from = letter === "R" || letter === "C" ? fields.shift() : undefined;
    const path = fields.shift() ?? "";
    const status = letter === "C" ? "added" : (STATUSES[letter] ?? "modified");
    files.push({ path, status, ...(status === "renamed" && from !== undefined && { from }), ...lines.get(path) });
  }
  return files;
}

/** `added TAB deleted TAB path`, or for a rename `added TAB deleted TAB`, old path, new path. */
function readNumbers(numbers: string): Map<string, { added?: number; deleted?: number }> {
  const lines = new Map<string, { added?: number; deleted?: number }>();
  const fields = numbers.split("\0");
  while (fields.length > 1) {
    const [added = "", deleted = "", ...name] = (fields.shift() ?? "").split("\t");
    let path = name.join("\t");
    if (path === "") [, path = ""] = [fields.shift(), fields.shift()];
    lines.set(path, added === "-" ? {} : { added: Number(added), deleted: Number(deleted) });
  }
  return lines;
}

import { statSync } from "node:fs";
import { decodeBytes } from "#lib/visible-text.ts";
import { AS_PATCH, withComparison } from "./compare.ts";
import { gitBytes } from "./git.ts";
import { withoutLocalPrograms } from "./local-programs.ts";
import { readStatus, splitAtNul } from "./status.ts";

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
  const environment = await withoutLocalPrograms(worktree);
  const status = await readStatus(worktree, { environment });
  return withComparison(worktree, baseCommit, { status, look: { environment } }, async ({ command, look }) => {
    const [files] = await Promise.all([
      gitBytes(worktree, command(["--find-renames", "--raw", "--numstat", "-z"]), look).then(readFiles),
      gitBytes(worktree, command([...AS_PATCH, "--binary", `--output=${patchFile}`], paths), look),
    ]);
    return { files, patchBytes: statSync(patchFile).size };
  });
}

/** Lines of `--raw` (a colon, modes, objects, letter; then one name or two), then those of `--numstat`. */
function readFiles(answer: Buffer): FileChange[] {
  const fields = splitAtNul(answer);
  const raw: FileChange[] = [];
  let at = 0;
  for (; fields[at]?.[0] === COLON; at++) {
    const letter = (fields[at]?.toString().split(" ")[4] ?? "").charAt(0);
    const from = letter === "R" || letter === "C" ? nameAt(fields, ++at) : undefined;
    const path = nameAt(fields, ++at);
    const status = letter === "C" ? "added" : (STATUSES[letter] ?? "modified");
    raw.push({ path, status, ...(status === "renamed" && from !== undefined && { from }) });
  }
  const lines = readNumbers(fields.slice(at));
  for (const file of raw) Object.assign(file, lines.get(file.path));
  return raw;
}

const COLON = 0x3a;

function nameAt(fields: readonly Buffer[], at: number): string {
  return decodeBytes(fields[at] ?? Buffer.alloc(0));
}

/** `added TAB deleted TAB path`, or for a rename `added TAB deleted TAB`, old path, new path. */
function readNumbers(fields: readonly Buffer[]): Map<string, { added?: number; deleted?: number }> {
  const lines = new Map<string, { added?: number; deleted?: number }>();
  for (let at = 0; at < fields.length; at++) {
    const [added = "", deleted = "", ...name] = nameAt(fields, at).split("\t");
    const isRename = name.join("\t") === "";
    if (isRename) at += 2;
    const path = isRename ? nameAt(fields, at) : name.join("\t");
    lines.set(path, added === "-" ? {} : { added: Number(added), deleted: Number(deleted) });
  }
  return lines;
}

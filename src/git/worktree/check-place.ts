import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { AppError } from "#base/errors.ts";
import { canWriteInto, isSameFile, listNames, lstatIfAny, pathExists, realPath, statIfAny } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import { findOtherCase, withOtherCase } from "#domain/names.ts";
import { blockedBranch } from "#git/git-failure.ts";
import { explainSystemCall } from "#git/system-failure.ts";
import { findGitFolders, readGitLink, usesReftable } from "#git/git-folders.ts";
import { git } from "#git/git.ts";
import type { Repository } from "#git/repository/repository.ts";

/**
 * Checks what is at the path of an existing or new worktree.
 * @param isListed whether git lists a worktree of the repository there
 * @throws AppError `worktree_path_taken`, `worktree_moved`, and as {@link explainSystemCall} returns
 */
export function checkWorktreePath(repository: Repository, path: string, isListed: boolean): void {
  const stat = lstatIfAny(path);
  if (stat === undefined) {
    if (isListed) throw gone(repository, path);
    return;
  }
  const names = repository.worktrees.map((each) => basename(each.path));
  const inOtherCase = isListed ? undefined : findOtherCase(basename(path), names);
  if (inOtherCase !== undefined && isSameFile(path, join(dirname(path), inOtherCase))) {
    throw sameButForCase(path, inOtherCase);
  }
  const target = findWorktreeLink(path);
  const commonDir = target === undefined ? undefined : findGitFolders(path)?.commonDir;
  if (target !== undefined && !pathExists(target)) {
    // If the repository is still at its old path, the worktree was removed from git's list.
    throw pathExists(dirname(dirname(target))) ? forgotten(path) : moved(repository, path);
  }
  const isOwn = commonDir !== undefined && realPath(commonDir) === realPath(repository.commonDir);
  if (target !== undefined && isOwn !== isListed) throw moved(repository, path);
  if (isListed || isEmptyFolder(path)) return;
  throw pathTaken(path, commonDir);
}

/** Returns the folder within git's own that a worktree refers to; undefined if the path is not a worktree. */
export function findWorktreeLink(path: string): string | undefined {
  const target = readGitLink(path);
  return target !== undefined && basename(dirname(target)) === "worktrees" ? target : undefined;
}

function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch (error) {
    if (statIfAny(path)?.isDirectory() !== true) return false;
    throw explainSystemCall(path, error) ?? error;
  }
}

/**
 * Checks that git can store the branch of a task beside the existing branches.
 * @throws AppError `branch_blocked`, `worktree_path_taken` for a name that differs from another only in case
 */
export async function checkBranchName(repository: Repository, branch: string): Promise<void> {
  const { folder, commonDir } = repository;
  const first = branch.split("/")[0] ?? branch;
  // The branch of that name, and all below it.
  const listed = await git(folder, ["for-each-ref", "--format=%(refname:lstrip=2)", `refs/heads/${first}`]);
  const branches = listed.split("\n").filter((name) => name !== "");
  const other = branches.find((name) => name.startsWith(`${branch}/`) || branch.startsWith(`${name}/`));
  if (other !== undefined) throw blockedBranch(other, branch);
  const inOtherCase = branches.includes(branch) ? undefined : findOtherCase(branch, branches);
  if (inOtherCase !== undefined && ignoresCase(commonDir)) throw sameButForCase(branch, inOtherCase);
}

/**
 * Checks that git can write to its own folder what a new worktree needs.
 * @throws AppError `repository_read_only`, `repository_unusable`
 */
export function checkGitFolderWritable({ commonDir }: Repository): void {
  const ofRefs = usesReftable(commonDir) ? ["reftable"] : [join("refs", "heads"), join("refs", "heads", "agent")];
  const folders = [".", "objects", "refs", ...ofRefs, "worktrees"];
  for (const name of folders) {
    const folder = join(commonDir, name);
    const stat = statIfAny(folder);
    if (stat?.isDirectory() === false) throw notAFolder(folder);
    if (stat !== undefined && !canWriteInto(folder)) throw readOnly(folder);
  }
}

/** Returns whether the file system of a non-empty folder ignores the case of names. */
function ignoresCase(folder: string): boolean {
  const name = listNames(folder).find((each) => withOtherCase(each) !== each);
  return name !== undefined && isSameFile(join(folder, name), join(folder, withOtherCase(name)));
}

function sameButForCase(name: string, other: string): AppError {
  return new AppError(
    "worktree_path_taken",
    `${name} differs from ${other} only in case, which the file system ignores.`,
    "Use another description for the topic, or the exact spelling of the other one.",
  );
}

function pathTaken(path: string, commonDir: string | undefined): AppError {
  const problem = commonDir === undefined ? "is not a worktree of this repository" : `is a worktree of ${commonDir}`;
  return new AppError(
    "worktree_path_taken",
    `${path} exists but ${problem}. Nothing was changed.`,
    "Move it away, or choose another topic.",
  );
}

function forgotten(path: string): AppError {
  return new AppError(
    "worktree_moved",
    `git no longer lists the worktree ${path}: git worktree prune was run when its folder was not visible.`,
    `Move it away (mv ${quoteForShell(path)} ${quoteForShell(`${path}.old`)}), start the task again, then copy uncommitted files to the new worktree.`,
  );
}

function moved({ folder, commonDir }: Repository, path: string): AppError {
  return new AppError(
    "worktree_moved",
    `The worktree ${path} does not point to the repository ${commonDir}: one of them was moved.`,
    `Repair the link (git -C ${quoteForShell(folder)} worktree repair ${quoteForShell(path)}).`,
  );
}

function gone({ folder }: Repository, path: string): AppError {
  return new AppError(
    "worktree_moved",
    `The task's branch is checked out in ${path}, which does not exist.`,
    `Repair the link if it was moved (git -C ${quoteForShell(folder)} worktree repair <new-path>), or let git forget it if it was deleted (git -C ${quoteForShell(folder)} worktree prune).`,
  );
}

function notAFolder(path: string): AppError {
  return new AppError(
    "repository_unusable",
    `${path} is not a folder, but git needs a folder there.`,
    "Check what created it, then move it away.",
  );
}

function readOnly(folder: string): AppError {
  return new AppError(
    "repository_read_only",
    `The git folder ${folder} is not writable, so no worktree can be created.`,
    "Start a read-only task, or make the repository writable for the user that runs this server.",
  );
}

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf } from "#base/errors.ts";
import { realPath } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import { findGitFolders } from "#git/git-folders.ts";
import { describeSystemCall } from "#git/system-failure.ts";
import { git, withoutLastNewline } from "#git/git.ts";

/** Timeout for a disk to answer, in milliseconds. */
const STAT_TIMEOUT_MS = 5000;

/**
 * Checks whether a path leads to a readable folder.
 * @returns false if nothing is there
 * @throws AppError `worktree_unusable` if something is, or may be, there and cannot be read
 */
export async function canReadFolder(path: string): Promise<boolean> {
  let timer: Timer | undefined;
  const timeout = new Promise<"timeout">((resolve) => (timer = setTimeout(() => resolve("timeout"), STAT_TIMEOUT_MS)));
  try {
    const found = await Promise.race([stat(path), timeout]);
    if (found === "timeout") throw unreadable(path, "does not answer");
    if (!found.isDirectory()) throw unreadable(path, "is not a folder");
    await access(path, constants.R_OK | constants.X_OK);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined || error instanceof AppError) throw error;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw unreadable(path, `cannot be read: ${describeSystemCall(error).reason}`);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns a working tree's own git folder; starts git only if the files do not name it. @throws AppError as `git` does */
export async function getGitDir(worktree: string): Promise<string> {
  const found = findGitFolders(worktree)?.gitDir;
  return found ?? withoutLastNewline(await git(worktree, ["rev-parse", "--absolute-git-dir"]));
}

/**
 * Finds a worktree's own git folder, and checks that git commands in the worktree's folder work on that worktree: without its
 * `.git` file, git would use the repository that contains the folder.
 * @param commonDir the repository's common git folder
 * @returns undefined if the worktree's folder is gone
 * @throws AppError `worktree_unusable`, `repository_unusable`
 */
export async function findWorktreeGitDir(worktree: string, commonDir: string): Promise<string | undefined> {
  if (!(await canReadFolder(worktree))) return undefined;
  const found = findGitFolders(worktree);
  const isSame = (one: string, other: string) => realPath(one) === realPath(other);
  const isLinked = found?.top !== undefined && isSame(found.top, worktree) && isSame(found.commonDir, commonDir);
  if (isLinked) return found.gitDir;
  throw new AppError(
    "worktree_unusable",
    `${join(worktree, ".git")}, which links the worktree to its repository, is missing or points elsewhere.`,
    `Repair the link (git -C ${quoteForShell(commonDir)} worktree repair).`,
  );
}

function unreadable(path: string, problem: string): AppError {
  return new AppError(
    "worktree_unusable",
    `${path} ${problem}.`,
    `Make it readable for this user (ls -ld ${quoteForShell(path)} shows the permissions), or check its disk.`,
  );
}

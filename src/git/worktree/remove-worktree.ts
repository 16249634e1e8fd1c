import { constants, renameSync, rmSync } from "node:fs";
import { access, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { listNames, lstatIfAny, pathExists } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import { findBranchCommit, deleteBranchArgs } from "#git/repository/branches.ts";
import { git, tryGit } from "#git/git.ts";
import { describeSystemCall } from "#git/system-failure.ts";
import { gitFailure } from "#git/git-failure.ts";
import { canReadFolder, getGitDir } from "./worktree-link.ts";

/** Request to remove a worktree. */
export interface Removal {
  /** Folder in which git commands for the repository run; not the worktree itself. */
  repository: string;
  worktree: string;
  /** Branch that is removed with it, and its commit: a branch that has moved since stays. */
  branch: string | undefined;
  tip: string | undefined;
}

/** Prefix of the names of worktrees that are being removed, in the folders that contained them. */
const REMOVED_PREFIX = ".codexmcp-removed-";

/**
 * Removes a worktree and its branch. The folder is renamed first, so that an interruption leaves no partial worktree at its
 * path.
 * @returns the rest of the folder, if it could not be removed completely
 * @throws AppError `worktree_unusable`, `git_failed`; the worktree is at its path then, unless only its branch is left
 */
export async function removeWorktree({ repository, worktree, branch, tip }: Removal): Promise<string | undefined> {
  const going = join(dirname(worktree), `${REMOVED_PREFIX}${basename(worktree)}-${crypto.randomUUID().slice(0, 8)}`);
  const privateFolder = await getGitDir(worktree);
  rename(worktree, going);
  try {
    await removeFromGit(repository, worktree, privateFolder);
  } catch (error) {
    // Git still lists it.
    if (pathExists(join(privateFolder, "HEAD"))) rename(going, worktree);
    throw error;
  }
  try {
    if (branch !== undefined && tip !== undefined) await removeBranch(repository, branch, tip);
  } finally {
    await removeAll(going);
  }
  return lstatIfAny(going) === undefined ? undefined : going;
}

/** Deletes a branch, unless it has moved. @throws AppError `git_failed` */
async function removeBranch(repository: string, branch: string, tip: string): Promise<void> {
  const args = deleteBranchArgs(branch, tip);
  const { exitCode, stderr } = await tryGit(repository, args);
  if (exitCode === 0 || (await findBranchCommit(repository, branch)) !== tip) return;
  throw gitFailure(repository, args, stderr);
}

/** Checks that a worktree's folder can be moved out of its parent folder. @throws AppError `worktree_unusable` */
export async function checkRemovable(worktree: string): Promise<void> {
  await access(dirname(worktree), constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw notRemovable(worktree, error);
  });
}

function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    throw notRemovable(from, error);
  }
}

function notRemovable(worktree: string, error: unknown): AppError {
  const parent = dirname(worktree);
  return new AppError(
    "worktree_unusable",
    `${worktree} cannot be removed from ${parent}: ${describeSystemCall(error).reason}. Nothing was changed.`,
    `Give this user write permission for ${parent} (ls -ld ${quoteForShell(parent)} shows the permissions), check that nothing is mounted on the worktree, then discard again.`,
    error,
  );
}

async function removeFromGit(repository: string, worktree: string, privateFolder: string): Promise<void> {
  // --force twice also removes a locked one. The caller has checked that it is ours.
  const args = ["worktree", "remove", "--force", "--force", "--", worktree];
  const { exitCode, stderr } = await tryGit(repository, args);
  if (exitCode === 0) return;
  // A concurrent `gc` puts its own files there, and git leaves the rest.
  const isHeldUp = /failed to delete/.test(stderr) && basename(dirname(privateFolder)) === "worktrees";
  if (!isHeldUp) throw gitFailure(repository, args, stderr);
  try {
    rmSync(privateFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  } catch {
    throw gitFailure(repository, args, stderr);
  }
}

/** Removes a folder of any size and depth, without blocking the event loop. */
async function removeAll(folder: string): Promise<void> {
  // The caller and a cleanup report the rest: paths that are too long, or another user's.
  await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
    logger("git").warn`${folder} was not removed completely: ${String(error)}`;
  });
}

/** Returns the remains of interrupted removals in a folder; all their contents had been saved. */
export function listRemoved(parent: string): string[] {
  const names = listNames(parent).filter((name) => name.startsWith(REMOVED_PREFIX));
  return names.map((name) => join(parent, name));
}

/** Removes a worktree without a folder from git's list; its branch stays. @throws AppError `git_failed`, `worktree_unusable` */
export async function forgetGoneWorktree(repository: string, worktree: string): Promise<void> {
  if (!(await canReadFolder(worktree))) await git(repository, ["worktree", "remove", "--force", "--", worktree]);
}

import { constants, renameSync, rmSync } from "node:fs";
import { access, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError, errnoOf } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { listNames, lstatIfAny, pathExists } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import { commitOfBranch, deleteBranch } from "#git/repository/branches.ts";
import { git, tryGit } from "#git/git.ts";
import { gitFailure } from "#git/git-failure.ts";
import { canReadFolder, gitFolderOf } from "./worktree-link.ts";

/** Request to remove a worktree. */
export interface Removal {
  /** A folder in which git commands for the repository run, and which is not the worktree. */
  repository: string;
  worktree: string;
  /** The branch that goes with it, and where it points: one that has moved since stays. */
  branch: string | undefined;
  tip: string | undefined;
}

/** Names begin so of worktrees that are on their way out, beside where they stood. */
const REMOVED_PREFIX = ".codexmcp-removed-";

/**
 * Removes a worktree and its branch. The folder is first renamed: whoever is stopped in the middle leaves no half of it
 * in its place.
 * @returns what is left of the folder where it could not be removed as a whole
 * @throws AppError `worktree_unusable`, `git_failed`; the worktree is in its place then, unless only its branch is left
 */
export async function removeWorktree({ repository, worktree, branch, tip }: Removal): Promise<string | undefined> {
  const going = join(dirname(worktree), `${REMOVED_PREFIX}${basename(worktree)}-${crypto.randomUUID().slice(0, 8)}`);
  const privateFolder = await gitFolderOf(worktree);
  rename(worktree, going);
  try {
    await removeFromGit(repository, worktree, privateFolder);
  } catch (error) {
    // Git has it on its list still.
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
  const args = deleteBranch(branch, tip);
  const { exitCode, stderr } = await tryGit(repository, args);
  if (exitCode !== 0 && (await commitOfBranch(repository, branch)) === tip) throw gitFailure(repository, args, stderr);
}

/** Checks that a worktree's folder may be taken out of the one that it stands in. @throws AppError `worktree_unusable` */
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
    `${worktree} cannot be removed from ${parent} (${errnoOf(error) ?? String(error)}); nothing was changed.`,
    `Let this user write to ${parent} (ls -ld ${quoteForShell(parent)} shows who may), see that nothing is mounted on the worktree, and discard again.`,
    error,
  );
}

async function removeFromGit(repository: string, worktree: string, privateFolder: string): Promise<void> {
  // Twice: a locked one too. That it is ours to remove, the caller knows.
  const args = ["worktree", "remove", "--force", "--force", "--", worktree];
  const { exitCode, stderr } = await tryGit(repository, args);
  if (exitCode === 0) return;
  // A `gc` that happens to run puts its own files there, and git leaves the rest.
  const isHeldUp = /failed to delete/.test(stderr) && basename(dirname(privateFolder)) === "worktrees";
  if (!isHeldUp) throw gitFailure(repository, args, stderr);
  try {
    rmSync(privateFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  } catch {
    throw gitFailure(repository, args, stderr);
  }
}

/** Removes a folder of any size and depth, beside the event loop. */
async function removeAll(folder: string): Promise<void> {
  // What is left of it, its paths too long to be named or another user's, is reported by the caller and by a clean-up.
  await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
    logger("git").warn`${folder} was not removed as a whole: ${String(error)}`;
  });
}

/** Returns what removals that were broken off have left in a folder; all that was in there had been saved. */
export function listRemoved(parent: string): string[] {
  const names = listNames(parent).filter((name) => name.startsWith(REMOVED_PREFIX));
  return names.map((name) => join(parent, name));
}

/** Takes a worktree whose folder is gone off git's list; its branch stays. @throws AppError `git_failed`, `worktree_unusable` */
export async function forgetGoneWorktree(repository: string, worktree: string): Promise<void> {
  if (!(await canReadFolder(worktree))) await git(repository, ["worktree", "remove", "--force", "--", worktree]);
}

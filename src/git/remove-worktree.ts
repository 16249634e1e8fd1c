import { readdirSync, renameSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { logger } from "#lib/log.ts";
import { pathExists } from "#lib/paths.ts";
import { git, tryGit } from "./git.ts";
import { gitFailure } from "./git-failure.ts";
import { privateFolderOf } from "./worktree.ts";

/** What is to go. */
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
 * @throws AppError `git_failed`
 */
export async function removeWorktree({ repository, worktree, branch, tip }: Removal): Promise<void> {
  const going = join(dirname(worktree), `${REMOVED_PREFIX}${basename(worktree)}-${crypto.randomUUID().slice(0, 8)}`);
  const privateFolder = await privateFolderOf(worktree);
  renameSync(worktree, going);
  // Twice: a locked one too. That it is ours to remove, the caller knows.
  const args = ["worktree", "remove", "--force", "--force", "--", worktree];
  const { exitCode, stderr } = await tryGit(repository, args);
  // A `gc` that happens to run puts its own files there, and git leaves the rest.
  const isHeldUp =
    exitCode !== 0 && /failed to delete/.test(stderr) && basename(dirname(privateFolder)) === "worktrees";
  if (isHeldUp) rmSync(privateFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  else if (exitCode !== 0) throw gitFailure(repository, args, stderr);
  const isNamed = branch !== undefined && tip !== undefined;
  if (isNamed) await git(repository, ["update-ref", "-d", `refs/heads/${branch}`, tip]);
  await removeAll(going);
}

/** Removes a folder of any size and depth, beside the event loop. */
async function removeAll(folder: string): Promise<void> {
  // What it cannot remove, because its paths are too long to be named, a clean-up tells of.
  await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
    logger("git").warn`${folder} was not removed as a whole: ${String(error)}`;
  });
}

/** Returns what removals that were broken off have left in a folder; all that was in there had been saved. */
export function listRemoved(parent: string): string[] {
  if (!pathExists(parent)) return [];
  const names = readdirSync(parent).filter((name) => name.startsWith(REMOVED_PREFIX));
  return names.map((name) => join(parent, name));
}

/** Takes a worktree whose folder is gone off git's list; its branch stays. @throws AppError `git_failed` */
export async function forgetGoneWorktree(repository: string, worktree: string): Promise<void> {
  if (!pathExists(worktree)) await git(repository, ["worktree", "remove", "--force", "--", worktree]);
}

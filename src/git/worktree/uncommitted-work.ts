import { AppError } from "#base/errors.ts";
import { hasOutput, tryGit } from "#git/git.ts";
import { LOOK_ONLY_FLAGS, withoutLocalPrograms } from "#git/local-programs.ts";
import type { GitLimits } from "#git/run-git.ts";

/** Result of a check for uncommitted work; `unknown` if not all files could be read. */
export type UncommittedWork = "none" | "some" | "unknown";

const STATUS = ["status", "--porcelain", "-z", "--untracked-files=normal"];

/** Pattern of git's messages about a file or folder that it could not read, and left out. */
const OVERLOOKED = /^(?:warning: (?:could not|unable to|failed to)|error:|fatal:)/m;

/**
 * Checks a worktree for uncommitted work, new files included. Nothing is changed, and no program that the repository names is
 * run.
 * @param limits limits of the check; if they stop it, the result is `unknown`
 */
export async function findUncommittedWork(worktree: string, limits: GitLimits): Promise<UncommittedWork> {
  try {
    const environment = await withoutLocalPrograms(worktree, limits);
    const args = [...STATUS, ...LOOK_ONLY_FLAGS, "--no-renames"];
    const { exitCode, stdout, stderr } = await tryGit(worktree, args, environment, limits);
    if (stdout !== "") return "some";
    return exitCode !== 0 || OVERLOOKED.test(stderr) ? "unknown" : "none";
  } catch (error) {
    if (error instanceof AppError) return "unknown";
    throw error;
  }
}

/** Returns whether a worktree has any uncommitted work, new files and changes within submodules included. @throws AppError as `git` does */
export async function hasUncommittedWork(worktree: string): Promise<boolean> {
  return hasOutput(worktree, [...STATUS, "--ignore-submodules=none"]);
}

import { AppError } from "#base/errors.ts";
import { answersAnything, tryGit } from "#git/git.ts";
import { LOOK_ONLY_FLAGS, withoutLocalPrograms } from "#git/local-programs.ts";
import type { GitLimits } from "#git/run-git.ts";

/** Whether a worktree has work that is not committed; `unknown` where not all of its files could be looked at. */
export type UncommittedWork = "none" | "some" | "unknown";

const STATUS = ["status", "--porcelain", "-z", "--untracked-files=normal"];

/** Words of git for a file or folder that it could not look at, and left out. */
const OVERLOOKED = /^(?:warning: (?:could not|unable to|failed to)|error:|fatal:)/m;

/**
 * Looks for work in a worktree that is not committed, new files included. Nothing is changed, and nothing is run that the
 * repository names.
 * @param limits a look that they end has the result `unknown`
 */
export async function lookForWork(worktree: string, limits: GitLimits): Promise<UncommittedWork> {
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

/** Whether a worktree has anything that is not committed: new files, and what is within submodules, too. @throws AppError as `git` does */
export async function hasUncommittedWork(worktree: string): Promise<boolean> {
  return answersAnything(worktree, [...STATUS, "--ignore-submodules=none"]);
}

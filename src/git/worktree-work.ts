import { AppError } from "#lib/errors.ts";
import { tryGit } from "./git.ts";
import { LOOK_ONLY_FLAGS, withoutLocalPrograms } from "./local-programs.ts";
import type { GitLimits } from "./run-git.ts";

/** Whether a worktree has work that is not committed; `unknown` where not all of its files could be looked at. */
export type UncommittedWork = "none" | "some" | "unknown";

/** Git's words for a file or folder that it could not look at, and left out. */
const OVERLOOKED = /^(?:warning: (?:could not|unable to|failed to)|error:|fatal:)/m;

/**
 * Looks for work in a worktree that is not committed, new files included. Nothing is changed, and nothing is run that the
 * repository names.
 * @param limits a look that they end has the result `unknown`
 */
export async function lookForWork(worktree: string, limits: GitLimits): Promise<UncommittedWork> {
  try {
    const environment = await withoutLocalPrograms(worktree, limits);
    const args = ["status", ...LOOK_ONLY_FLAGS, "--porcelain", "-z", "--no-renames", "--untracked-files=normal"];
    const { exitCode, stdout, stderr } = await tryGit(worktree, args, environment, limits);
    if (stdout !== "") return "some";
    return exitCode !== 0 || OVERLOOKED.test(stderr) ? "unknown" : "none";
  } catch (error) {
    if (error instanceof AppError) return "unknown";
    throw error;
  }
}

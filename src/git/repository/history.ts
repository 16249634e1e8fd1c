import { git, tryGit } from "#git/git.ts";
import type { GitEnvironment } from "#git/run-git.ts";

/** Returns whether a commit is another one, or an ancestor of it. */
export async function isAncestor(
  folder: string,
  commit: string,
  of: string,
  environment: GitEnvironment = {},
): Promise<boolean> {
  return (await tryGit(folder, ["merge-base", "--is-ancestor", commit, of], environment)).exitCode === 0;
}

/** Counts the commits that only one of two commits has in its history. */
export async function countAheadAndBehind(
  folder: string,
  commit: string,
  other: string,
): Promise<{ ahead: number; behind: number }> {
  const counts = await git(folder, ["rev-list", "--left-right", "--count", `${commit}...${other}`]);
  const [ahead, behind] = counts.trim().split(/\s+/).map(Number);
  return { ahead: ahead ?? 0, behind: behind ?? 0 };
}

/** Returns the merge base of two revisions; undefined if they have none, or one of them does not exist. */
export async function mergeBaseOf(
  folder: string,
  one: string,
  other: string,
  environment: GitEnvironment = {},
): Promise<string | undefined> {
  const { exitCode, stdout } = await tryGit(folder, ["merge-base", "--end-of-options", one, other], environment);
  return exitCode === 0 ? stdout.trim() : undefined;
}

import { git } from "#git/git.ts";
import type { GitLimits } from "#git/run-git.ts";

/**
 * Returns the commits that branches point to, by branch; branches that do not exist are left out.
 * @param branches without `refs/heads/`
 * @throws AppError as `git` does
 */
export async function readBranchTips(
  folder: string,
  branches: readonly string[],
  limits: GitLimits,
): Promise<ReadonlyMap<string, string>> {
  if (branches.length === 0) return new Map();
  const refs = [...new Set(branches)].map((branch) => `refs/heads/${branch}`);
  const lines = await git(folder, ["for-each-ref", "--format=%(objectname) %(refname)", "--", ...refs], {}, limits);
  return new Map(
    lines.split("\n").flatMap((line): [string, string][] => {
      const [, commit, branch] = /^(\S+) refs\/heads\/(.+)$/.exec(line) ?? [];
      return commit === undefined || branch === undefined ? [] : [[branch, commit]];
    }),
  );
}

import { join } from "node:path";
import { git, tryGit, withoutLastNewline } from "#git/git.ts";
import type { GitLimits } from "#git/run-git.ts";

/** Pattern that no branch name matches: git would read such names as paths to other commits (`main~1`, `main@{1}`). */
const NOT_IN_NAMES = /[\0-\x20\x7f~^:?*[\\]|\.\.|@\{/;

/** Returns the commit that a branch points to; undefined if there is no such branch. */
export async function findBranchCommit(folder: string, branch: string): Promise<string | undefined> {
  return NOT_IN_NAMES.test(branch) ? undefined : findCommit(folder, `refs/heads/${branch}`);
}

/**
 * Resolves a branch that is a symbolic ref, i.e. another name for a branch; returns any other branch unchanged.
 * @returns undefined if it leads to something other than a branch
 */
export async function resolveBranch(folder: string, branch: string): Promise<string | undefined> {
  let name = branch;
  for (let step = 0; step < MAX_SYMBOLIC_REFS; step++) {
    const { exitCode, stdout } = await tryGit(folder, ["symbolic-ref", "--quiet", "--", `refs/heads/${name}`]);
    if (exitCode !== 0) return name;
    const [, next] = /^refs\/heads\/(.+)$/s.exec(withoutLastNewline(stdout)) ?? [];
    if (next === undefined) return undefined;
    name = next;
  }
  return undefined;
}

/** Maximum number of symbolic refs to follow, the same as git's. */
const MAX_SYMBOLIC_REFS = 5;

/** Lists the names of branches, most recently committed first. @throws AppError as `git` does */
export async function listBranchNames(folder: string, atMost: number, limits: GitLimits): Promise<string[]> {
  const args = ["for-each-ref", "--sort=-committerdate", `--count=${atMost}`, "--format=%(refname)", "refs/heads"];
  const lines = await git(folder, args, {}, limits);
  return lines.split("\n").flatMap((line) => (line === "" ? [] : [line.replace(/^refs\/heads\//, "")]));
}

/** Returns the arguments of a command that deletes a branch, if it points to the commit; of a symbolic ref, only that name is deleted. */
export function deleteBranchArgs(branch: string, commit: string): string[] {
  return ["update-ref", "--no-deref", "-d", `refs/heads/${branch}`, commit];
}

/** Returns the commit that a revision denotes; undefined if it denotes none. */
export async function findCommit(folder: string, revision: string): Promise<string | undefined> {
  const args = ["rev-parse", "--quiet", "--verify", "--end-of-options", `${revision}^{commit}`];
  const { exitCode, stdout } = await tryGit(folder, args);
  return exitCode === 0 ? stdout.trim() : undefined;
}

/** Returns the object that an expression for a tree denotes, e.g. `main^{tree}`. @throws AppError `git_failed` */
export async function getTree(folder: string, tree: string): Promise<string> {
  return (await git(folder, ["rev-parse", "--verify", "--end-of-options", tree])).trim();
}

/** Returns the files in which git keeps a branch and its reflog; neither has to exist. */
export async function getBranchFiles(folder: string, branch: string): Promise<{ ref: string; reflog: string }> {
  const common = withoutLastNewline(await git(folder, ["rev-parse", "--path-format=absolute", "--git-common-dir"]));
  const ref = join("refs", "heads", branch);
  return { ref: join(common, ref), reflog: join(common, "logs", ref) };
}

/** Returns the branch that a working tree has checked out; undefined for a detached HEAD. */
export async function findCurrentBranch(worktree: string): Promise<string | undefined> {
  const { exitCode, stdout } = await tryGit(worktree, ["symbolic-ref", "--quiet", "HEAD"]);
  return exitCode === 0 ? withoutLastNewline(stdout).replace(/^refs\/heads\//, "") : undefined;
}

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

import { git, gitBytes, tryGit } from "#git/git.ts";
import type { GitEnvironment, GitLimits } from "#git/run-git.ts";

/** Returns whether a commit is an ancestor of another one, or the same commit. */
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
export async function findMergeBase(
  folder: string,
  one: string,
  other: string,
  environment: GitEnvironment = {},
): Promise<string | undefined> {
  const { exitCode, stdout } = await tryGit(folder, ["merge-base", "--end-of-options", one, other], environment);
  return exitCode === 0 ? stdout.trim() : undefined;
}

/** Maximum size of git's answer in bytes; for a longer history between the commits, git is asked one question at a time. */
const MAX_GRAPH_BYTES = 8 * 1024 * 1024;

/** Relations between some commits of a repository, read by two git commands for all of them. */
export class CommitGraph {
  readonly #folder: string;
  /** Parents of the commits that are not ancestors of all the given commits; undefined if git is asked for each pair. */
  readonly #parents: ReadonlyMap<string, readonly string[]> | undefined;
  readonly #reached = new Map<string, ReadonlySet<string>>();

  private constructor(folder: string, parents: ReadonlyMap<string, readonly string[]> | undefined) {
    this.#folder = folder;
    this.#parents = parents;
  }

  /** Reads the history between commits. */
  static async read(folder: string, commits: readonly string[], limits: GitLimits): Promise<CommitGraph> {
    return new CommitGraph(folder, await readParents(folder, [...new Set(commits)], limits));
  }

  /** Counts the commits that only one of two commits has in its history. @throws AppError `git_failed` */
  async countApart(commit: string, other: string): Promise<{ ahead: number; behind: number }> {
    if (commit === other) return { ahead: 0, behind: 0 };
    if (this.#parents === undefined) return countAheadAndBehind(this.#folder, commit, other);
    const [own, others] = [this.#reach(commit), this.#reach(other)];
    const countOutside = (set: ReadonlySet<string>, of: ReadonlySet<string>) =>
      [...set].filter((each) => !of.has(each)).length;
    return { ahead: countOutside(own, others), behind: countOutside(others, own) };
  }

  /** Returns whether a commit is an ancestor of another one, or the same commit. */
  async isAncestor(commit: string, of: string): Promise<boolean> {
    if (commit === of) return true;
    if (this.#parents === undefined) return isAncestor(this.#folder, commit, of);
    return !this.#parents.has(commit) || this.#reach(of).has(commit);
  }

  #reach(commit: string): ReadonlySet<string> {
    const known = this.#reached.get(commit);
    if (known !== undefined) return known;
    const reached = new Set<string>();
    const left = [commit];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const parents = this.#parents?.get(next);
      if (parents === undefined || reached.has(next)) continue;
      reached.add(next);
      left.push(...parents);
    }
    this.#reached.set(commit, reached);
    return reached;
  }
}

/**
 * Reads the parents of the commits that are not ancestors of all the given commits.
 * @returns undefined if a commit is missing, they have no common ancestor, or the history between them is too long
 */
async function readParents(
  folder: string,
  commits: readonly string[],
  limits: GitLimits,
): Promise<ReadonlyMap<string, readonly string[]> | undefined> {
  if (commits.length < 2) return new Map();
  const { exitCode, stdout } = await tryGit(folder, ["merge-base", "--octopus", ...commits], {}, limits);
  if (exitCode !== 0) return undefined;
  const args = ["rev-list", "--parents", ...commits, "--not", ...stdout.split("\n").filter(Boolean)];
  const answer = await gitBytes(folder, args, { ...limits, maxOutputBytes: MAX_GRAPH_BYTES }).catch(() => undefined);
  if (answer === undefined) return undefined;
  const lines = answer.toString().split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [commit = "", ...parents] = line.split(" ");
      return [commit, parents];
    }),
  );
}

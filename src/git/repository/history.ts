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
  /** Best common ancestors of all the given commits; empty if that is not known. */
  readonly #roots: readonly string[];
  readonly #reached = new Map<string, ReadonlySet<string>>();

  private constructor(folder: string, history: HistoryPart | undefined) {
    this.#folder = folder;
    this.#parents = history?.parents;
    this.#roots = history?.roots ?? [];
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

  /** Returns the only merge base of two commits; undefined if they have several or none, or if git would have to be asked. */
  findOnlyBase(one: string, other: string): string | undefined {
    const [root, ...more] = this.#roots;
    const parents = this.#parents;
    if (parents === undefined || root === undefined || more.length > 0) return undefined;
    // A commit outside of this part of the history is an ancestor of all others.
    for (const commit of [one, other]) if (!parents.has(commit)) return commit;
    const others = this.#reach(other);
    const common = [...this.#reach(one)].filter((commit) => others.has(commit));
    if (common.length === 0) return root;
    const covered = new Set(common.flatMap((commit) => parents.get(commit) ?? []));
    const [base, ...further] = common.filter((commit) => !covered.has(commit));
    return further.length === 0 && covered.has(root) ? base : undefined;
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

/** Part of a history: what some commits do not all have in common. */
interface HistoryPart {
  parents: ReadonlyMap<string, readonly string[]>;
  roots: readonly string[];
}

/**
 * Reads the parents of the commits that are not ancestors of all the given commits.
 * @returns undefined if a commit is missing, they have no common ancestor, or the history between them is too long
 */
async function readParents(
  folder: string,
  commits: readonly string[],
  limits: GitLimits,
): Promise<HistoryPart | undefined> {
  if (commits.length < 2) return { parents: new Map(), roots: commits };
  const { exitCode, stdout } = await tryGit(folder, ["merge-base", "--octopus", "--all", ...commits], {}, limits);
  if (exitCode !== 0) return undefined;
  const roots = stdout.split("\n").filter(Boolean);
  const args = ["rev-list", "--parents", ...commits, "--not", ...roots];
  const answer = await gitBytes(folder, args, { ...limits, maxOutputBytes: MAX_GRAPH_BYTES }).catch(() => undefined);
  if (answer === undefined) return undefined;
  const lines = answer.toString().split("\n").filter(Boolean);
  const parents = new Map(
    lines.map((line): [string, readonly string[]] => {
      const [commit = "", ...others] = line.split(" ");
      return [commit, others];
    }),
  );
  return { parents, roots };
}

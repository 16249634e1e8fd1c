import { join } from "node:path";
import { mapLimited } from "#base/concurrency.ts";
import { logger } from "#base/log.ts";
import { pathExists } from "#base/paths.ts";
import { readBranchTips } from "#git/repository/branches.ts";
import { CommitGraph } from "#git/repository/history.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { listGitWorktrees, type ListedWorktree } from "#git/worktree/worktree-list.ts";
import type { StoredWorktree } from "#store/worktree-base.ts";

/** Work to compare: the commit that a worktree has checked out, and what is uncommitted there. */
export interface Work {
  stored: StoredWorktree;
  path: string;
  /** The worktree's own git folder; undefined if the folder is gone, so that only commits are left. */
  gitDir: string | undefined;
  /** Commit that is checked out, on the agent's branch. */
  head: string;
}

/** Works of a repository, and what git says about their commits. */
export interface RepositoryWorks {
  /** The repository's common git folder. */
  repository: string;
  /** The main working tree, in which submodules may be checked out; undefined if the repository is bare. */
  checkout: string | undefined;
  works: readonly Work[];
  /** Worktrees whose work cannot be determined: broken ones, and those in the middle of a rebase or on another branch. */
  unknown: readonly StoredWorktree[];
  /** Commits of branches, by branch name. */
  tips: ReadonlyMap<string, string>;
  graph: CommitGraph;
}

/** Files and folders in git's folder of a worktree that show an operation in progress. */
const OPERATIONS = ["rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "sequencer"];

/** Maximum number of worktrees whose folders are looked at concurrently. */
const MAX_CONCURRENT = 4;

/** Reads the works of a repository. @throws AppError as `git` does */
export async function readWorks(repository: string, all: readonly StoredWorktree[]): Promise<RepositoryWorks> {
  const branches = all.flatMap(({ agent_branch, base_branch }) => [agent_branch, base_branch ?? agent_branch]);
  const [tips, listing] = await Promise.all([readBranchTips(repository, branches, {}), listGitWorktrees(repository)]);
  const listed = new Map(listing.map((each) => [each.path, each]));
  const works: Work[] = [];
  const unknown: StoredWorktree[] = [];
  await mapLimited(all, MAX_CONCURRENT, async (stored) => {
    const entry = listed.get(stored.worktree_dir);
    if (entry === undefined) return;
    try {
      const gitDir = await findWorktreeGitDir(stored.worktree_dir, repository);
      const head = findHead(stored, entry, gitDir, tips);
      if (head === undefined) unknown.push(stored);
      else works.push({ stored, path: stored.worktree_dir, gitDir, head });
    } catch (error) {
      logger("app").debug`${stored.worktree_dir} is not compared: ${String(error)}`;
      unknown.push(stored);
    }
  });
  works.sort((a, b) => (a.stored.agent_branch < b.stored.agent_branch ? -1 : 1));
  const [main] = listing;
  const checkout = main === undefined || main.isBare ? undefined : main.path;
  const commits = works.flatMap(({ stored, head }) => [
    head,
    stored.base_commit,
    findTarget(stored, tips),
    stored.merged?.commit,
    stored.merged?.tip,
  ]);
  const graph = await CommitGraph.read(
    repository,
    commits.filter((commit) => commit !== undefined),
    {},
  );
  return { repository, checkout, works, unknown, tips, graph };
}

/** Returns the commit that a worktree's work will be merged into; undefined without a base branch. */
export function findTarget({ base_branch }: StoredWorktree, tips: ReadonlyMap<string, string>): string | undefined {
  return base_branch === undefined ? undefined : tips.get(base_branch);
}

/** Returns the commit that a worktree's work is on; undefined if its branch does not stand for the work at the moment. */
function findHead(
  { agent_branch }: StoredWorktree,
  { branch, commit }: ListedWorktree,
  gitDir: string | undefined,
  tips: ReadonlyMap<string, string>,
): string | undefined {
  const tip = tips.get(agent_branch);
  if (gitDir === undefined) return tip;
  if (OPERATIONS.some((name) => pathExists(join(gitDir, name)))) return undefined;
  const isOnBranch = branch === agent_branch || (branch === undefined && commit === tip);
  return isOnBranch ? commit : undefined;
}

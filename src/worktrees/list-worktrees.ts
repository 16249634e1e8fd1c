import { readBranchTips } from "#git/repository/branches.ts";
import { findUncommittedWork } from "#git/changes/status.ts";
import type { GitLimits } from "#git/run-git.ts";
import { CommitGraph } from "#git/repository/history.ts";
import { canReadFolder, findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { listGitWorktrees, type ListedWorktree } from "#git/worktree/worktree-list.ts";
import { toFailure } from "#base/errors.ts";
import { mapLimited } from "#base/concurrency.ts";
import { findNewestTaskIn } from "#store/tasks/list-tasks.ts";
import { listStoredWorktrees, type StoredWorktree } from "#store/worktree-base.ts";
import type { AppContext } from "#tasks/context.ts";
import { inspectWorktrees, type InspectionTarget, type WorktreeFiles } from "./inspect-worktrees.ts";
import { reconcileAll } from "#tasks/end/reconcile.ts";
import { repositoryGone, type WorktreeSite } from "./task-worktree.ts";
import {
  getTargetCommit,
  type LastTask,
  buildReport,
  reportUnreadable,
  type WorktreeFacts,
  type WorktreeReport,
} from "./worktree-report.ts";

/** A report on a worktree, with the data needed to act on it. */
export interface KnownWorktree {
  site: WorktreeSite;
  report: WorktreeReport;
}

/** Timeout for git commands that read a repository's data, in milliseconds. */
const FACTS_TIMEOUT_MS = 10_000;
/** Maximum number of repositories, and of worktrees of one repository, that are read concurrently. */
const MAX_CONCURRENT_REPOSITORIES = 4;

/**
 * Returns the worktrees of all repositories that tasks have worked in, except discarded ones. A problem with one of them does
 * not keep the others from being listed.
 * @param isExact whether to examine all files, however long that takes; otherwise the report states what is not known
 */
export async function listWorktrees(context: AppContext, isExact = false): Promise<KnownWorktree[]> {
  await reconcileAll(context);
  const byRepository = Map.groupBy(listStoredWorktrees(context.store), ({ workspace }) => workspace);
  const read = await mapLimited([...byRepository], MAX_CONCURRENT_REPOSITORIES, async ([folder, stored]) =>
    readRepository(context, folder, stored),
  );
  const found = read.flat();
  const files = await inspectWorktrees(
    found.filter((each) => "tips" in each),
    isExact,
  );
  const examined = await mapLimited([...files], 1, async ([worktree, itsFiles]) => describe(worktree, itsFiles));
  const known = [...found.filter((each) => "report" in each), ...examined];
  return known.toSorted((a, b) => (a.site.path < b.site.path ? -1 : 1));
}

/** Size of a worktree that was not measured. */
const NOT_MEASURED: WorktreeFiles["size"] = { bytes: 0, isMore: true };

/**
 * Returns the reports on a repository's worktrees, except discarded ones, without their sizes. A problem with one of them does not keep the
 * others from being listed.
 * @param limits limits of the search for uncommitted work, for each worktree: if they stop it, the report says that it is not known
 */
export async function reportWorktrees(
  context: AppContext,
  repository: string,
  stored: readonly StoredWorktree[],
  limits: GitLimits,
): Promise<KnownWorktree[]> {
  const read = await readRepository(context, repository, stored);
  return mapLimited(read, 1, async (each) => {
    if ("report" in each) return each;
    const work = each.gitDir === undefined ? "none" : await findUncommittedWork(each.path, limits);
    return describe(each, { work, size: NOT_MEASURED });
  });
}

/** A worktree with git's data about it. */
interface ReadWorktree extends InspectionTarget, Omit<WorktreeFacts, keyof WorktreeFiles | "isThere"> {}

async function describe(worktree: ReadWorktree, files: WorktreeFiles): Promise<KnownWorktree> {
  const { stored, gitDir, lastTask } = worktree;
  try {
    return {
      site: toSite(stored),
      report: await buildReport({ ...worktree, ...files, isThere: gitDir !== undefined }),
    };
  } catch (error) {
    return unreadable(stored, error, lastTask);
  }
}

/** Reads git's data about a repository's worktrees, without examining their files. */
async function readRepository(
  { store }: AppContext,
  folder: string,
  all: readonly StoredWorktree[],
): Promise<(ReadWorktree | KnownWorktree)[]> {
  const limits = { deadlineMs: FACTS_TIMEOUT_MS };
  const lastTaskOf = ({ worktree_dir }: StoredWorktree) => findNewestTaskIn(store, worktree_dir);
  try {
    if (!(await canReadFolder(folder))) throw repositoryGone(folder);
    const branches = all.flatMap(({ agent_branch, base_branch }) => [agent_branch, base_branch ?? agent_branch]);
    const tips = await readBranchTips(folder, branches, limits);
    const listing = new Map((await listGitWorktrees(folder, limits)).map((listed) => [listed.path, listed]));
    const there = all.flatMap((stored) => {
      const listed = listing.get(stored.worktree_dir);
      return listed === undefined ? [] : [{ stored, listed }];
    });
    const graph = await CommitGraph.read(folder, commitsOf(there, tips), limits);
    return await mapLimited(there, MAX_CONCURRENT_REPOSITORIES, async ({ stored, listed }) => {
      const path = stored.worktree_dir;
      const lastTask = lastTaskOf(stored);
      try {
        const gitDir = await findWorktreeGitDir(path, folder);
        return { path, gitDir, usedAt: lastTask?.at ?? "", stored, listed, tips, graph, lastTask };
      } catch (error) {
        return unreadable(stored, error, lastTask);
      }
    });
  } catch (error) {
    // Without git, discarded worktrees can only be recognized by their missing folders.
    const folders = await mapLimited(all, MAX_CONCURRENT_REPOSITORIES, async (stored) => ({
      stored,
      mayBeThere: await canReadFolder(stored.worktree_dir).catch(() => true),
    }));
    return folders.flatMap(({ stored, mayBeThere }) =>
      mayBeThere ? [unreadable(stored, error, lastTaskOf(stored))] : [],
    );
  }
}

/** Returns all commits whose relations may be needed. */
function commitsOf(
  all: readonly { stored: StoredWorktree; listed: ListedWorktree }[],
  tips: ReadonlyMap<string, string>,
): string[] {
  return all
    .flatMap(({ stored, listed }) => [
      stored.base_commit,
      getTargetCommit(stored, tips),
      tips.get(stored.agent_branch),
      listed.commit,
      stored.merged?.commit,
    ])
    .filter((commit) => commit !== undefined);
}

function unreadable(stored: StoredWorktree, error: unknown, lastTask: LastTask | undefined): KnownWorktree {
  return { site: toSite(stored), report: reportUnreadable(stored, toFailure(error), lastTask) };
}

function toSite(stored: StoredWorktree): WorktreeSite {
  return {
    path: stored.worktree_dir,
    branch: stored.agent_branch,
    repository: stored.workspace,
    baseCommit: stored.base_commit,
    baseBranch: stored.base_branch,
    isMadeHere: stored.made_here === true,
  };
}

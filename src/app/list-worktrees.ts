import { readBranchTips } from "#git/branch-tips.ts";
import { CommitGraph } from "#git/commit-graph.ts";
import type { GitLimits } from "#git/run-git.ts";
import { canReadFolder, checkWorktreeLink } from "#git/worktree-link.ts";
import { listWorktrees as listOfGit, type ListedWorktree } from "#git/worktree-list.ts";
import { lookForWork } from "#git/worktree-work.ts";
import { toFailure } from "#lib/errors.ts";
import { measureFolder } from "#lib/folder-size.ts";
import { mapLimited } from "#lib/map-limited.ts";
import { newestTaskIn } from "#store/list-tasks.ts";
import { listStoredWorktrees, type StoredWorktree } from "#store/worktree-base.ts";
import type { AppContext } from "./context.ts";
import { reconcileAll } from "./reconcile.ts";
import type { WorktreeSite } from "./task-worktree.ts";
import { baseOf, type LastTask, reportOn, reportUnreadable, type WorktreeReport } from "./worktree-report.ts";

/** A report, with what is needed to act on it. */
export interface KnownWorktree {
  site: WorktreeSite;
  report: WorktreeReport;
}

/** How long it may take to look at the files of all worktrees. */
const LOOK_MS = 600;
/** The same with `isExact`: for a single worktree, and for the sizes of all. */
const EXACT_LOOK_MS = 60_000;
const EXACT_SIZES_MS = 10_000;
/** How long git may take to say what it knows of a repository. */
const FACTS_MS = 10_000;
/** Worktrees, and repositories, that are looked at side by side. */
const LOOKS_AT_ONCE = 4;

/**
 * Returns the worktrees of all repositories that tasks have worked in, those that were discarded left out. What is wrong with one
 * keeps none of the others from being listed.
 * @param isExact whether all files are looked at, whatever time that takes; otherwise the report says what is not known
 */
export async function listWorktrees(context: AppContext, isExact = false): Promise<KnownWorktree[]> {
  await reconcileAll(context);
  const byRepository = Map.groupBy(listStoredWorktrees(context.store), ({ workspace }) => workspace);
  const read = await mapLimited([...byRepository], LOOKS_AT_ONCE, async ([folder, stored]) =>
    readRepository(context, folder, stored),
  );
  const found = read.flat();
  const worktrees = found.filter((each) => "tips" in each);
  const known = [
    ...found.filter((each) => "report" in each),
    ...(await lookAtAll(worktrees, isExact ? EXACT : quickLook())),
  ];
  return known.toSorted((a, b) => (a.site.path < b.site.path ? -1 : 1));
}

interface ReadWorktree {
  stored: StoredWorktree;
  listed: ListedWorktree;
  isThere: boolean;
  tips: ReadonlyMap<string, string>;
  graph: CommitGraph;
  lastTask: LastTask | undefined;
}

/** Reads what git knows of a repository's worktrees, without a look at their files. */
async function readRepository(
  { store }: AppContext,
  folder: string,
  all: readonly StoredWorktree[],
): Promise<(ReadWorktree | KnownWorktree)[]> {
  const limits = { deadlineMs: FACTS_MS };
  const lastTaskOf = ({ worktree_dir }: StoredWorktree) => newestTaskIn(store, worktree_dir);
  try {
    if (!(await canReadFolder(folder))) return [];
    const branches = all.flatMap(({ agent_branch, base_branch }) => [agent_branch, base_branch ?? agent_branch]);
    const tips = await readBranchTips(folder, branches, limits);
    const listing = new Map((await listOfGit(folder)).map((listed) => [listed.path, listed]));
    const there = all.filter(({ worktree_dir }) => listing.has(worktree_dir));
    const graph = await CommitGraph.read(folder, commitsOf(there, listing, tips), limits);
    return await mapLimited(there, LOOKS_AT_ONCE, async (stored) => {
      const listed = listing.get(stored.worktree_dir);
      const lastTask = lastTaskOf(stored);
      try {
        const isThere = await canReadFolder(stored.worktree_dir);
        if (isThere) checkWorktreeLink(stored.worktree_dir, folder);
        if (listed === undefined) throw new Error(`git does not list ${stored.worktree_dir}`);
        return { stored, listed, isThere, tips, graph, lastTask };
      } catch (error) {
        return unreadable(stored, error, lastTask);
      }
    });
  } catch (error) {
    // Those that were discarded cannot be told from others then, but for their folders.
    const folders = await mapLimited(all, LOOKS_AT_ONCE, async (stored) => ({
      stored,
      mayBeThere: await canReadFolder(stored.worktree_dir).catch(() => true),
    }));
    return folders.flatMap(({ stored, mayBeThere }) =>
      mayBeThere ? [unreadable(stored, error, lastTaskOf(stored))] : [],
    );
  }
}

/** Returns all commits between which something may be asked. */
function commitsOf(
  all: readonly StoredWorktree[],
  listing: ReadonlyMap<string, ListedWorktree>,
  tips: ReadonlyMap<string, string>,
): string[] {
  const commits = all.flatMap((stored) => [
    stored.base_commit,
    baseOf(stored, tips),
    tips.get(stored.agent_branch),
    listing.get(stored.worktree_dir)?.commit,
    stored.merged?.commit,
  ]);
  return commits.filter((commit) => commit !== undefined);
}

/** Bounds of the looks at all worktrees' files. */
interface Look {
  work: GitLimits;
  /** Sizes are looked at after work, or when this has passed. */
  workMs: number;
  sizesMs: number;
}

function quickLook(): Look {
  return { work: { signal: AbortSignal.timeout(LOOK_MS) }, workMs: LOOK_MS / 2, sizesMs: LOOK_MS / 2 };
}

/** Sizes have a bound of their own even then: nothing depends on them. */
const EXACT: Look = { work: { deadlineMs: EXACT_LOOK_MS }, workMs: EXACT_LOOK_MS, sizesMs: EXACT_SIZES_MS };

/** Looks at the files of worktrees, first at those where a task was last. */
async function lookAtAll(worktrees: readonly ReadWorktree[], look: Look): Promise<KnownWorktree[]> {
  const newestFirst = worktrees.toSorted((a, b) => ((a.lastTask?.at ?? "") < (b.lastTask?.at ?? "") ? 1 : -1));
  const looks = mapLimited(newestFirst, LOOKS_AT_ONCE, async ({ stored, isThere }) =>
    isThere ? lookForWork(stored.worktree_dir, look.work) : "none",
  );
  await withTimeout(looks, look.workMs);
  const deadline = performance.now() + look.sizesMs;
  const sizes = newestFirst.map(async ({ stored }) => measureFolder(stored.worktree_dir, { deadline }));
  const [work, size] = await Promise.all([looks, Promise.all(sizes)]);
  return mapLimited([...newestFirst.entries()], 1, async ([index, worktree]) => {
    const facts = { ...worktree, work: work[index] ?? "unknown", size: size[index] ?? { bytes: 0, isMore: true } };
    try {
      return { site: toSite(worktree.stored), report: await reportOn(facts) };
    } catch (error) {
      return unreadable(worktree.stored, error, worktree.lastTask);
    }
  });
}

/** Waits for work, but no longer than that. */
async function withTimeout(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: Timer | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
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

import { commitOfBranch } from "#git/branches.ts";
import { seesUncommittedWork } from "#git/changes.ts";
import { countApart, isAncestor } from "#git/history.ts";
import { listWorktrees as listOfGit, type ListedWorktree } from "#git/worktree-list.ts";
import { measureFolder } from "#lib/files.ts";
import { type Failure, toFailure } from "#lib/errors.ts";
import { pathExists } from "#lib/paths.ts";
import { newestTaskIn } from "#store/list-tasks.ts";
import { listStoredWorktrees, type StoredWorktree } from "#store/worktree-base.ts";
import type { TaskStatus } from "#task/record.ts";
import type { AppContext } from "./context.ts";
import { reconcileAll } from "./reconcile.ts";
import type { WorktreeSite } from "./task-worktree.ts";

/** A worktree that tasks have worked in, and how it stands. */
export interface WorktreeReport {
  worktree_dir: string;
  agent_branch: string;
  base_branch?: string;
  /** `gone`: git still has it, and its folder is not there. `unreadable`: see `problem`. */
  state: "idle" | "running" | "gone" | "unreadable";
  /** What keeps git from reading it, and what to do about that. */
  problem?: string;
  /** Of all its files. */
  bytes: number;
  /** It has more than `bytes`: so much was not counted. */
  has_more_bytes?: true;
  /** Commits that the base does not have, and those that it has besides. */
  ahead: number;
  behind: number;
  has_uncommitted_work: boolean;
  /** Whether all of it is in its base. */
  is_merged: boolean;
  /** Set where this server made worktree and branch: others are never removed by it. */
  made_here: boolean;
  last_task?: { task_id: string; status: TaskStatus; at: string };
}

/** A report, with what is needed to act on it. */
export interface KnownWorktree {
  site: WorktreeSite;
  report: WorktreeReport;
}

/** Returns the worktrees of all repositories that tasks have worked in, those that were discarded left out. */
export async function listWorktrees(context: AppContext): Promise<KnownWorktree[]> {
  await reconcileAll(context);
  const known: KnownWorktree[] = [];
  const ofGit = new Map<string, Promise<ListedWorktree[]>>();
  for (const stored of listStoredWorktrees(context.store)) {
    if (!pathExists(stored.workspace)) continue;
    const listed = ofGit.get(stored.workspace) ?? listOfGit(stored.workspace);
    ofGit.set(stored.workspace, listed);
    // One that cannot be read must not hide the others.
    try {
      const isListed = (await listed).some(({ path }) => path === stored.worktree_dir);
      if (isListed) known.push({ site: toSite(stored), report: await describe(context, stored) });
    } catch (error) {
      known.push({ site: toSite(stored), report: describeUnreadable(stored, toFailure(error)) });
    }
  }
  return known;
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

/** By a commit of another name: it counts while the base has that. */
async function isMergedAs(folder: string, { merged }: StoredWorktree, tip: string, base: string): Promise<boolean> {
  return merged?.tip === tip && (await isAncestor(folder, merged.commit, base));
}

function describeUnreadable(stored: StoredWorktree, { message, hint }: Failure): WorktreeReport {
  return {
    worktree_dir: stored.worktree_dir,
    agent_branch: stored.agent_branch,
    ...(stored.base_branch !== undefined && { base_branch: stored.base_branch }),
    state: "unreadable",
    problem: `${message} ${hint}`,
    bytes: 0,
    ahead: 0,
    behind: 0,
    has_uncommitted_work: true,
    is_merged: false,
    made_here: stored.made_here === true,
  };
}

async function describe({ store }: AppContext, stored: StoredWorktree): Promise<WorktreeReport> {
  const { worktree_dir: path, agent_branch: branch, base_branch, base_commit, workspace: folder } = stored;
  const isThere = pathExists(path);
  const [tip, ofBase, hasWork] = await Promise.all([
    commitOfBranch(folder, branch),
    base_branch === undefined ? undefined : commitOfBranch(folder, base_branch),
    isThere ? seesUncommittedWork(path).catch(() => true) : false,
  ]);
  const base = ofBase ?? base_commit;
  const { ahead, behind } = tip === undefined ? { ahead: 0, behind: 0 } : await countApart(folder, tip, base);
  const isTipMerged =
    tip === undefined || (await isAncestor(folder, tip, base)) || (await isMergedAs(folder, stored, tip, base));
  const { bytes, isMore } = await measureFolder(path);
  const last = newestTaskIn(store, path);
  const isRunning = last?.status === "running" || last?.status === "queued";
  return {
    worktree_dir: path,
    agent_branch: branch,
    ...(base_branch !== undefined && { base_branch }),
    state: isRunning ? "running" : isThere ? "idle" : "gone",
    bytes,
    ...(isMore && { has_more_bytes: true as const }),
    ahead,
    behind,
    has_uncommitted_work: hasWork,
    is_merged: isTipMerged && !hasWork,
    made_here: stored.made_here === true,
    ...(last !== undefined && { last_task: last }),
  };
}

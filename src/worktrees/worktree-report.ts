import type { CommitGraph } from "#git/repository/history.ts";
import type { ListedWorktree } from "#git/worktree/worktree-list.ts";
import type { UncommittedWork } from "#git/changes/status.ts";
import type { Failure } from "#base/errors.ts";
import type { FolderSize } from "#platform/files/folder-size.ts";
import type { StoredWorktree } from "#store/worktree-base.ts";
import type { TaskStatus } from "#domain/record.ts";
import type { CollisionFields } from "#domain/collision.ts";

/** A worktree that tasks have worked in, and its state. */
export interface WorktreeReport extends CollisionFields {
  worktree_dir: string;
  agent_branch: string;
  base_branch?: string;
  /** State of the worktree. `gone`: git lists it, but its folder does not exist. `unreadable`: see `problem`. */
  state: "idle" | "running" | "gone" | "unreadable";
  /** Reason why it cannot be read, and how to fix that. */
  problem?: string;
  /** Branch that is checked out instead of the agent's: another branch, or {@link DETACHED}. */
  on_branch?: string;
  /** Total size of its files in bytes. */
  bytes: number;
  /** Set if it has more than `bytes`: a part could not be read, or not in time. */
  has_more_bytes?: true;
  /** Numbers of commits that only the checked-out commit has (ahead), and that only the base has (behind). */
  ahead: number;
  behind: number;
  /** Whether there is uncommitted work; true if that is not known. */
  has_uncommitted_work: boolean;
  /** Set if it is not known whether there is uncommitted work: some files could not be read, or not in time. */
  is_work_unknown?: true;
  /** Whether there is work, and all of it is in the base. */
  is_merged: boolean;
  /** Whether there is no work: no commit since the base, and nothing uncommitted. */
  is_unchanged: boolean;
  /** Whether this server made the worktree and its branch: it never removes others. */
  made_here: boolean;
  last_task?: LastTask;
}

/** The last task that worked in a worktree. */
export interface LastTask {
  task_id: string;
  status: TaskStatus;
  at: string;
}

/** Label of a detached HEAD; no branch can have this name. */
const DETACHED = "(detached HEAD)";

/** Facts needed to report on a worktree. */
export interface WorktreeFacts {
  stored: StoredWorktree;
  listed: ListedWorktree;
  isThere: boolean;
  /** Commits of branches, by branch name. */
  tips: ReadonlyMap<string, string>;
  graph: CommitGraph;
  work: UncommittedWork;
  size: FolderSize;
  lastTask: LastTask | undefined;
}

/** Returns the report on a worktree. @throws AppError `git_failed` */
export async function buildReport(facts: WorktreeFacts): Promise<WorktreeReport> {
  const { stored, listed, isThere, tips, graph, work, size, lastTask } = facts;
  const isOnItsBranch = listed.branch === stored.agent_branch;
  const tip = isOnItsBranch || !isThere ? tips.get(stored.agent_branch) : listed.commit;
  // If another branch is checked out, its commits may not be the task's.
  const isSettled = isOnItsBranch && work === "none";
  const commits =
    tip === undefined ? NO_COMMITS : await judgeCommits(graph, stored, tip, getTargetCommit(stored, tips));
  const isRunning = lastTask?.status === "running" || lastTask?.status === "queued";
  return {
    ...identityFields(stored),
    state: isRunning ? "running" : isThere ? "idle" : "gone",
    ...(isThere && !isOnItsBranch && { on_branch: listed.branch ?? DETACHED }),
    bytes: size.bytes,
    ...(size.isMore && { has_more_bytes: true as const }),
    ahead: commits.ahead,
    behind: commits.behind,
    has_uncommitted_work: work !== "none",
    ...(work === "unknown" && { is_work_unknown: true as const }),
    is_merged: isSettled && commits.isMerged,
    is_unchanged: isSettled && commits.isUnchanged,
    made_here: stored.made_here === true,
    ...(lastTask !== undefined && { last_task: lastTask }),
  };
}

/** Returns the report on a worktree that cannot be read. */
export function reportUnreadable(
  stored: StoredWorktree,
  { message, hint }: Failure,
  lastTask: LastTask | undefined,
): WorktreeReport {
  return {
    ...identityFields(stored),
    state: "unreadable",
    problem: `${message} ${hint}`,
    bytes: 0,
    has_more_bytes: true,
    ahead: 0,
    behind: 0,
    has_uncommitted_work: true,
    is_work_unknown: true,
    is_merged: false,
    is_unchanged: false,
    made_here: stored.made_here === true,
    ...(lastTask !== undefined && { last_task: lastTask }),
  };
}

/**
 * Returns the commit that a worktree's work will be merged into: that of its base branch, or its base commit if that branch
 * does not exist.
 */
export function getTargetCommit(
  { base_branch, base_commit }: StoredWorktree,
  tips: ReadonlyMap<string, string>,
): string {
  return (base_branch === undefined ? undefined : tips.get(base_branch)) ?? base_commit;
}

function identityFields({ worktree_dir, agent_branch, base_branch }: StoredWorktree) {
  return { worktree_dir, agent_branch, ...(base_branch !== undefined && { base_branch }) };
}

interface CommitState {
  ahead: number;
  behind: number;
  isMerged: boolean;
  isUnchanged: boolean;
}

/** State of a branch that does not exist. */
const NO_COMMITS: CommitState = { ahead: 0, behind: 0, isMerged: false, isUnchanged: false };

async function judgeCommits(
  graph: CommitGraph,
  { merged, base_commit }: StoredWorktree,
  tip: string,
  base: string,
): Promise<CommitState> {
  const { ahead, behind } = await graph.countApart(tip, base);
  const isUnchanged = await graph.isAncestor(tip, base_commit);
  // A squash or rebase gave the work another commit: it counts as merged while the base has that one.
  const isMergedAs = async () => merged?.tip === tip && graph.isAncestor(merged.commit, base);
  return { ahead, behind, isMerged: !isUnchanged && (ahead === 0 || (await isMergedAs())), isUnchanged };
}

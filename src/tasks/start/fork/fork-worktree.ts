import { AppError } from "#base/errors.ts";
import type { TaskRecord } from "#domain/record.ts";
import { listTracesSoFar } from "#git/changes/check-traces.ts";
import { inspectWorktree } from "#git/changes/status.ts";
import { snapshotWork } from "#git/snapshots/snapshot-work.ts";
import { findBranchUse } from "#git/repository/branch-in-use.ts";
import { findBranchCommit, findCommit } from "#git/repository/branches.ts";
import type { Repository } from "#git/repository/repository.ts";
import { listSalvage } from "#git/salvage/list-salvage.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { incompleteRestoreError, isIncompleteRestore } from "#git/worktree/worktree-lock.ts";
import { guessBase } from "#git/worktree/worktree.ts";
import { findWorktreeBase, type WorktreeBase } from "#store/worktree-base.ts";
import type { AppContext } from "#tasks/context.ts";

/** State of a task's worktree, from which the worktree of a fork starts. */
export interface ForkedWorktree {
  /** Repository at the commit from which the fork starts. */
  repository: Repository;
  /** Base of the task's work, which is that of the fork's, too; undefined if the fork starts without the work. */
  base?: WorktreeBase;
  /** Worktree with the work that is not committed; undefined if there is none. */
  worktree?: string;
  /** Explanation why the fork does not start with all the work. */
  note?: string;
}

/**
 * Determines from what the worktree of a fork starts, without changing anything.
 * @param repository repository of the fork, at the commit that is checked out there
 * @throws AppError `worktree_unusable`, `git_failed`
 */
export async function planFork(
  { store }: AppContext,
  repository: Repository,
  parent: TaskRecord,
): Promise<ForkedWorktree> {
  const { task_id, worktree_dir, agent_branch, workspace } = parent;
  if (worktree_dir === undefined || agent_branch === undefined) return { repository };
  if (workspace !== repository.commonDir) {
    const note = `The task ${task_id} worked in another repository: only its session was copied.`;
    return { repository, note };
  }
  const { folder } = repository;
  const tip = await findBranchCommit(folder, agent_branch);
  const worktree = await findWorktree(repository, worktree_dir, agent_branch);
  const commit = worktree === undefined ? tip : await findCommit(worktree, "HEAD");
  if (commit === undefined) return { repository, note: await describeLoss(repository, parent) };
  const base = findWorktreeBase(store, worktree_dir) ?? (await baseOf(repository, parent, agent_branch));
  const at = { ...repository, commit, branch: base.base_branch };
  if (worktree !== undefined) return { repository: { ...at, toplevel: worktree }, base, worktree };
  const note = `The worktree ${worktree_dir} of ${task_id} no longer exists: this task started from its branch ${agent_branch}.`;
  return { repository: at, base, note };
}

/** Finds a task's worktree, even if it was moved; undefined if it is gone. */
async function findWorktree({ commonDir }: Repository, path: string, branch: string): Promise<string | undefined> {
  if ((await findWorktreeGitDir(path, commonDir)) !== undefined) {
    if (isIncompleteRestore(path)) throw incompleteRestoreError(path);
    return path;
  }
  const moved = (await findBranchUse(commonDir, branch))?.path;
  if (moved === undefined) return undefined;
  return (await findWorktreeGitDir(moved, commonDir).catch(() => undefined)) === undefined ? undefined : moved;
}

/** Returns the base of a task that this server did not create. */
async function baseOf(
  repository: Repository,
  { base_branch, base_commit }: TaskRecord,
  branch: string,
): Promise<WorktreeBase> {
  return {
    base_commit: base_commit ?? (await guessBase(repository, branch)),
    ...(base_branch !== undefined && { base_branch }),
  };
}

async function describeLoss(
  { commonDir }: Repository,
  { task_id, worktree_dir, agent_branch }: TaskRecord,
): Promise<string> {
  const kept = await listSalvage(commonDir, agent_branch).catch(() => []);
  const fix =
    kept.length === 0
      ? ""
      : ` The work was discarded; to copy it, restore it (codex_discard with restore: true) and fork the task again.`;
  return `The worktree ${worktree_dir} of ${task_id} and its branch no longer exist: this task started from the checked-out commit.${fix}`;
}

/** Number of times that a snapshot of a worktree is tried in which a task works. */
const MAX_ATTEMPTS = 5;

/**
 * Returns a commit of the state of a worktree: of the commit that is checked out, with all uncommitted work, but not with what checks have
 * left. The worktree is not changed; a task may be working in it.
 * @throws AppError `git_failed`
 */
export async function snapshotWorktree(worktree: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const before = await findCommit(worktree, "HEAD");
      const { status } = await inspectWorktree(worktree);
      const leftOut = await listTracesSoFar(worktree, status);
      const commit = before === undefined ? undefined : await snapshotWork(worktree, before, leftOut);
      if (commit !== undefined && (await findCommit(worktree, "HEAD")) === before) return commit;
    } catch (error) {
      if (attempt === MAX_ATTEMPTS) throw error;
    }
    if (attempt === MAX_ATTEMPTS) throw keepsChanging(worktree);
  }
}

function keepsChanging(worktree: string): AppError {
  return new AppError(
    "git_failed",
    `The worktree ${worktree} changed while it was copied, ${MAX_ATTEMPTS} times in a row.`,
    "Try again, or wait for the task that works in it.",
  );
}

/** Returns the error for a fork whose worktree exists. */
export function forkNeedsOwn(path: string, branch: string): AppError {
  return new AppError(
    "worktree_exists",
    `A fork needs a worktree of its own, but ${path} or its branch ${branch} already exists.`,
    "Use another description for the topic.",
  );
}

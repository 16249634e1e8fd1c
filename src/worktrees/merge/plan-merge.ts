import { findCommit, findBranchCommit, findCurrentBranch, resolveBranch } from "#git/repository/branches.ts";
import { hasUncommittedBesideTraces } from "#git/changes/check-traces.ts";
import { readShortstat } from "#git/changes/changes.ts";
import { isAncestor } from "#git/repository/history.ts";
import { advanceBranch, findCheckout } from "#git/merge/advance-branch.ts";
import { computeMerge } from "#git/merge/compute-merge.ts";
import type { MergeStrategy } from "#git/merge/merge-request.ts";
import type { Conflict } from "#git/merge/merge-trees.ts";
import { AppError, type Failure } from "#base/errors.ts";
import { listSome, quoteForShell } from "#base/text.ts";
import { findMerged, listMergedFrom, recordMerge } from "#store/worktree-base.ts";
import { commitMessageOf } from "#domain/topic.ts";
import type { AppContext } from "#tasks/context.ts";
import { checkIdle, findWorktreeFolder, type TaskWorktree } from "#worktrees/task-worktree.ts";
import { requireCheck } from "./require-check.ts";

/** Method by which a task's branch is merged. */
export interface MergeMethod {
  strategy: MergeStrategy;
  /** Branch to merge into; by default the one that the work began from. */
  into?: string | undefined;
  /** Message of the merge commit; by default composed of topic and task. */
  message?: string | undefined;
  /** Whether the last run of each task must have passed its check. */
  requireCheck?: boolean | undefined;
}

/** A task that changed nothing, so that there is nothing to merge. */
export interface UnchangedTask {
  task_id: string;
  agent_branch: string;
  into: string;
}

/** Merge that was computed and not applied. */
export interface PlannedMerge extends UnchangedTask {
  /** Working tree that has the target branch checked out. */
  checkout: string | undefined;
  /** Commit of the target branch. */
  target: string;
  /** Commit of the task's branch. */
  source: string;
  /** Commit that the target branch is to point to. */
  commit: string;
}

/** Conflicts that prevent a merge. */
export interface MergeConflict {
  failure: Failure;
  conflicts: Conflict[];
}

/**
 * Computes the merge of a task's branch. Only objects are written.
 * @param known an earlier plan, whose commit is used again unless one of the branches has moved
 * @throws AppError if the branch cannot be merged
 */
export async function planMerge(
  context: AppContext,
  site: TaskWorktree,
  method: MergeMethod,
  known?: PlannedMerge,
): Promise<PlannedMerge | UnchangedTask | MergeConflict> {
  await checkIdle(context, site.path);
  const { folder, branch, baseCommit: base, task, path } = site;
  const named = method.into ?? site.baseBranch;
  if (named === undefined) throw withoutTarget(site);
  const [into, own] = await Promise.all([resolveBranch(folder, named), resolveBranch(folder, branch)]);
  if (into === undefined) throw unknownBranch(named);
  if (into === own) throw intoItself(into);
  const checkout = await findCheckout(folder, into);
  if (checkout !== undefined) await checkIdle(context, checkout);
  const [target, source] = await Promise.all([getBranchCommit(folder, into), getBranchCommit(folder, branch)]);
  const worktree = await findWorktreeFolder(site);
  if (worktree !== undefined) await checkAllOnBranch({ ...site, path: worktree }, source);
  if (method.requireCheck === true) requireCheck(site, source);
  const unchanged = { task_id: task.task_id, agent_branch: branch, into };
  if (await isAncestor(folder, source, base)) return unchanged;
  const commits = { target, source };
  if (known?.into === into && known.target === target && known.source === source) return { ...known, checkout };
  const { strategy } = method;
  const message = method.message?.trim() ? method.message : commitMessageOf(task);
  const merged = findMerged(context.store, path);
  const names = [into, branch] as const;
  const others = listMergedFrom(context.store, site);
  const request = { folder, checkout: checkout ?? folder, strategy, ...commits, base, merged, others, names, message };
  const computed = await computeMerge(request);
  if ("conflicts" in computed) return { failure: conflict(into, computed), conflicts: computed.conflicts };
  return { ...unchanged, ...commits, checkout, commit: computed.commit };
}

/** Merge that was applied. */
export interface AppliedMerge extends UnchangedTask {
  /** Commit that the target branch points to after the merge. */
  commit: string;
  /** Summary of the merged changes; empty if the branch had them already. */
  diff_stat: string;
}

/**
 * Moves the target branch of a planned merge.
 * @returns the error if the branch has moved since the plan
 * @throws AppError if it cannot be moved
 */
export async function applyMerge(
  context: AppContext,
  { folder, path }: TaskWorktree,
  { checkout, target, source, commit, ...task }: PlannedMerge,
): Promise<AppliedMerge | { hasMoved: unknown }> {
  try {
    if (commit !== target) await advanceBranch({ folder, branch: task.into, from: target, to: commit, checkout });
  } catch (error) {
    if ((await findBranchCommit(folder, task.into)) !== target) return { hasMoved: error };
    throw error;
  }
  recordMerge(context.store, path, { tip: source, commit });
  return { ...task, commit, diff_stat: await readShortstat(folder, target, commit) };
}

/**
 * Checks that a merge would not leave any work of a worktree behind.
 * @throws AppError `uncommitted_work`, `worktree_on_other_branch`
 */
async function checkAllOnBranch(site: TaskWorktree, tip: string): Promise<void> {
  const { path, branch } = site;
  if (await hasUncommittedBesideTraces(path)) throw uncommitted(site);
  const [head, commit] = await Promise.all([findCurrentBranch(path), findCommit(path, "HEAD")]);
  if (head === branch || commit === undefined || (await isAncestor(path, commit, tip))) return;
  const other = head === undefined ? `a detached HEAD (${commit.slice(0, 12)})` : `the branch ${head}`;
  throw new AppError(
    "worktree_on_other_branch",
    `${path} has ${other} checked out, with commits that ${branch} does not have.`,
    `Merge them into ${branch} (git -C ${quoteForShell(path)} switch ${branch} && git -C ${quoteForShell(path)} merge ${quoteForShell(head ?? commit)}), then merge again.`,
  );
}

function intoItself(branch: string): AppError {
  return new AppError(
    "invalid_argument",
    `Branch ${branch} cannot be merged into itself.`,
    "Choose another branch with into.",
  );
}

async function getBranchCommit(folder: string, branch: string): Promise<string> {
  const commit = await findBranchCommit(folder, branch);
  if (commit !== undefined) return commit;
  throw unknownBranch(branch);
}

function unknownBranch(branch: string): AppError {
  return new AppError(
    "unknown_branch",
    `Branch ${branch} does not exist.`,
    "Run git branch to list the branches, or restore the worktree if it was discarded.",
  );
}

function withoutTarget({ path }: TaskWorktree): AppError {
  return new AppError(
    "unknown_branch",
    `${path} was created from a detached HEAD, so there is no branch to merge into.`,
    "Choose a branch with into.",
  );
}

function uncommitted({ path }: TaskWorktree): AppError {
  return new AppError(
    "uncommitted_work",
    `${path} has uncommitted changes, which would not be merged.`,
    `Commit them (git -C ${quoteForShell(path)} add --all && git -C ${quoteForShell(path)} commit) or remove them, then merge again.`,
  );
}

function conflict(into: string, { conflicts, at }: { conflicts: Conflict[]; at: string | undefined }): Failure {
  const files = listSome(conflicts.map(({ path }) => path));
  return {
    code: "merge_conflict",
    message: `Conflicts with ${into} in ${files}${at === undefined ? "" : ` (commit ${at.slice(0, 12)})`}. Nothing was changed.`,
    hint: `Call codex with resume to continue the task, and let it merge ${into} into its branch and resolve the conflicts.`,
  };
}

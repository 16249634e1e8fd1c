import { findCommit, findBranchCommit, findCurrentBranch, resolveBranch } from "#git/repository/branches.ts";
import { hasOnlyCheckTraces } from "#git/changes/check-traces.ts";
import { readShortstat } from "#git/changes/changes.ts";
import { isAncestor } from "#git/repository/history.ts";
import { advanceBranch, findCheckout } from "#git/merge/advance-branch.ts";
import { computeMerge } from "#git/merge/compute-merge.ts";
import type { MergeStrategy } from "#git/merge/merge-request.ts";
import type { Conflict } from "#git/merge/merge-trees.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { hasUncommittedWork } from "#git/changes/status.ts";
import { AppError, type Failure, toFailure } from "#base/errors.ts";
import { listSome, quoteForShell } from "#base/text.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import { findMerged, listMergedFrom, recordMerge } from "#store/worktree-base.ts";
import { commitMessageOf } from "#domain/topic.ts";
import type { AppContext } from "#tasks/context.ts";
import { checkIdle, findMovedWorktree, getTaskWorktree, type TaskWorktree } from "./task-worktree.ts";

/** Options of a merge. */
export interface MergeOptions {
  strategy: MergeStrategy;
  /** Branch to merge into; by default the one that the work began from. */
  into?: string | undefined;
  /** Message of the merge commit; by default composed of topic and task. */
  message?: string | undefined;
}

/** A merged task. */
export interface MergedTask {
  task_id: string;
  agent_branch: string;
  into: string;
  /** Commit that the target branch points to after the merge. */
  commit: string;
  /** Summary of the merged changes; empty if the branch had them already. */
  diff_stat: string;
}

/** A task that changed nothing, so that there is nothing to merge. */
export type UnchangedTask = Pick<MergedTask, "task_id" | "agent_branch" | "into">;

/** Result of a merge of one or several tasks. */
export interface MergeOutcome {
  merged: MergedTask[];
  no_changes: UnchangedTask[];
  /** The failure that stopped the merge, with its task; undefined if all are merged. */
  stopped: { task_id: string; failure: Failure; conflicts: Conflict[] } | undefined;
  /** Ids of the tasks after the one that failed. */
  not_attempted: string[];
}

/**
 * Merges the branches of tasks, one after the other, up to the first that conflicts. Each merge is computed without touching a
 * working tree, and then applied in one step or not at all.
 * @throws AppError `unknown_task`, `no_worktree` before anything is merged
 */
export async function mergeWorktrees(
  context: AppContext,
  taskIds: readonly string[],
  options: MergeOptions,
): Promise<MergeOutcome> {
  const sites: TaskWorktree[] = [];
  for (const id of taskIds) sites.push(await getTaskWorktree(context, id));
  const merged: MergedTask[] = [];
  const no_changes: UnchangedTask[] = [];
  for (const [index, site] of sites.entries()) {
    const outcome = await withRepositoryLock(context.store, site.repository, () =>
      mergeOne(context, site, options),
    ).catch((error: unknown) => ({ failure: toFailure(error), conflicts: [] }));
    if ("failure" in outcome) {
      const not_attempted = sites.slice(index + 1).map(({ task }) => task.task_id);
      return { merged, no_changes, stopped: { task_id: site.task.task_id, ...outcome }, not_attempted };
    }
    if ("commit" in outcome) merged.push(outcome);
    else no_changes.push(outcome);
  }
  return { merged, no_changes, stopped: undefined, not_attempted: [] };
}

/** Maximum number of attempts at a merge into a branch that keeps moving. */
const MAX_ATTEMPTS = 3;

async function mergeOne(
  context: AppContext,
  site: TaskWorktree,
  options: MergeOptions,
  attempt = 1,
): Promise<MergedTask | UnchangedTask | { failure: Failure; conflicts: Conflict[] }> {
  await checkIdle(context, site.path);
  const { folder, branch, baseCommit: base, task, path } = site;
  const named = options.into ?? site.baseBranch;
  if (named === undefined) throw withoutTarget(site);
  const [into, own] = await Promise.all([resolveBranch(folder, named), resolveBranch(folder, branch)]);
  if (into === undefined) throw unknownBranch(named);
  if (into === own) throw intoItself(into);
  const checkout = await findCheckout(folder, into);
  if (checkout !== undefined) await checkIdle(context, checkout);
  const [target, source] = await Promise.all([getBranchCommit(folder, into), getBranchCommit(folder, branch)]);
  const isThere = (await findWorktreeGitDir(path, site.repository)) !== undefined;
  const worktree = isThere ? path : await findMovedWorktree(folder, branch);
  if (worktree !== undefined) await checkAllOnBranch({ ...site, path: worktree }, source);
  const unchanged = { task_id: task.task_id, agent_branch: branch, into };
  if (await isAncestor(folder, source, base)) return unchanged;
  const { strategy } = options;
  const message = options.message?.trim() ? options.message : commitMessageOf(task);
  const merged = findMerged(context.store, path);
  const names = [into, branch] as const;
  const commits = { target, source, base, merged, others: listMergedFrom(context.store, site) };
  const computed = await computeMerge({ folder, checkout: checkout ?? folder, strategy, ...commits, names, message });
  if ("conflicts" in computed) return { failure: conflict(into, computed), conflicts: computed.conflicts };
  const { commit } = computed;
  try {
    if (commit !== target) await advanceBranch({ folder, branch: into, from: target, to: commit, checkout });
  } catch (error) {
    const hasMoved = (await findBranchCommit(folder, into)) !== target;
    if (!hasMoved || attempt === MAX_ATTEMPTS) throw error;
    return mergeOne(context, site, options, attempt + 1);
  }
  recordMerge(context.store, path, { tip: source, commit });
  return { ...unchanged, commit, diff_stat: await readShortstat(folder, target, commit) };
}

/**
 * Checks that a merge would not leave any work of a worktree behind.
 * @throws AppError `uncommitted_work`, `worktree_on_other_branch`
 */
async function checkAllOnBranch(site: TaskWorktree, tip: string): Promise<void> {
  const { path, branch } = site;
  if ((await hasUncommittedWork(path)) && !(await hasOnlyCheckTraces(path))) throw uncommitted(site);
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

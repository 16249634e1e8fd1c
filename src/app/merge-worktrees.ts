import { commitOfBranch } from "#git/branches.ts";
import { hasUncommittedWork, readShortstat } from "#git/changes.ts";
import { advanceBranch, findCheckout } from "#git/merge/advance-branch.ts";
import { computeMerge, type MergeStrategy } from "#git/merge/compute-merge.ts";
import type { Conflict } from "#git/merge/conflict.ts";
import { AppError, type Failure, toFailure } from "#lib/errors.ts";
import { pathExists } from "#lib/paths.ts";
import { withRepositoryLock } from "#store/lock.ts";
import { findMerged, noteMerged } from "#store/worktree-base.ts";
import { commitMessageOf } from "#task/commit-message.ts";
import type { AppContext } from "./context.ts";
import { checkIdle, getTaskWorktree, type TaskWorktree } from "./task-worktree.ts";

/** What is to be merged. */
export interface MergeOptions {
  strategy: MergeStrategy;
  /** The branch to merge into; else the one that the work began from. */
  into?: string | undefined;
  /** Of the commit; else made of topic and task. */
  message?: string | undefined;
}

/** One task's work, merged. */
export interface MergedTask {
  task_id: string;
  agent_branch: string;
  into: string;
  /** Where that branch is now. */
  commit: string;
  /** What came with it; empty where it was there already. */
  diff_stat: string;
}

/** What came of a merge of one or several tasks. */
export interface MergeOutcome {
  merged: MergedTask[];
  /** Why it stopped, and at which task; undefined where all are merged. */
  stopped: { task_id: string; failure: Failure; conflicts: Conflict[] } | undefined;
  /** Those after it. */
  not_attempted: string[];
}

/**
 * Merges the branches of tasks, one after the other, up to the first that does not fit. Each is worked out without touching
 * a working tree, and then done in one step or not at all.
 * @throws AppError `unknown_task`, `no_worktree` before anything is merged
 */
export async function mergeWorktrees(
  context: AppContext,
  taskIds: readonly string[],
  options: MergeOptions,
): Promise<MergeOutcome> {
  const places: TaskWorktree[] = [];
  for (const id of taskIds) places.push(await getTaskWorktree(context, id));
  const merged: MergedTask[] = [];
  for (const [index, place] of places.entries()) {
    const done = await withRepositoryLock(context.store, place.repository, () =>
      mergeOne(context, place, options),
    ).catch((error: unknown) => ({ failure: toFailure(error), conflicts: [] }));
    if ("failure" in done) {
      const not_attempted = places.slice(index + 1).map(({ task }) => task.task_id);
      return { merged, stopped: { task_id: place.task.task_id, ...done }, not_attempted };
    }
    merged.push(done);
  }
  return { merged, stopped: undefined, not_attempted: [] };
}

async function mergeOne(
  context: AppContext,
  place: TaskWorktree,
  options: MergeOptions,
): Promise<MergedTask | { failure: Failure; conflicts: Conflict[] }> {
  await checkIdle(context, place.path);
  const { repository: folder, branch, baseCommit: base, task, path } = place;
  const into = options.into ?? place.baseBranch;
  if (into === undefined) throw withoutTarget(place);
  const checkout = await findCheckout(folder, into);
  if (checkout !== undefined) await checkIdle(context, checkout);
  const [target, source] = await Promise.all([tipOf(folder, into), tipOf(folder, branch)]);
  if (pathExists(path) && (await hasUncommittedWork(path))) throw uncommitted(place);
  const { strategy } = options;
  const message = options.message?.trim() ? options.message : commitMessageOf(task);
  const merged = findMerged(context.store, path);
  const names = [into, branch] as const;
  const computed = await computeMerge({ folder, strategy, target, source, base, merged, names, message });
  if ("conflicts" in computed) return { failure: conflict(place, into, computed), conflicts: computed.conflicts };
  const { commit } = computed;
  if (commit !== target) await advanceBranch({ folder, branch: into, from: target, to: commit });
  noteMerged(context.store, path, { tip: source, commit });
  return {
    task_id: task.task_id,
    agent_branch: branch,
    into,
    commit,
    diff_stat: await readShortstat(folder, target, commit),
  };
}

async function tipOf(folder: string, branch: string): Promise<string> {
  const commit = await commitOfBranch(folder, branch);
  if (commit !== undefined) return commit;
  throw new AppError(
    "unknown_branch",
    `There is no branch ${branch}.`,
    "git branch lists them; restore brings a discarded one back.",
  );
}

function withoutTarget({ path }: TaskWorktree): AppError {
  return new AppError(
    "unknown_branch",
    `${path} was made from a detached HEAD, so there is no branch to merge into.`,
    "Name one with into.",
  );
}

function uncommitted({ path }: TaskWorktree): AppError {
  return new AppError(
    "uncommitted_work",
    `${path} has work that is not committed: the merge would leave it behind.`,
    `Commit it (git -C '${path}' add --all && git -C '${path}' commit), or remove it, and merge again.`,
  );
}

function conflict(
  { branch }: TaskWorktree,
  into: string,
  { conflicts, at }: { conflicts: Conflict[]; at: string | undefined },
): Failure {
  const files = conflicts
    .slice(0, 5)
    .map(({ path }) => path)
    .join(", ");
  return {
    code: "merge_conflict",
    message: `${branch}${at === undefined ? "" : ` (commit ${at.slice(0, 12)})`} does not fit onto ${into}: ${files}. Nothing was changed.`,
    hint: `Have it adapted: resume the task's session with the next version, and tell it to merge ${into} into its branch and to resolve the conflicts.`,
  };
}

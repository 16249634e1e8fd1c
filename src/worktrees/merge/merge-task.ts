import { AppError, type Failure } from "#base/errors.ts";
import type { Conflict } from "#git/merge/merge-trees.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import type { AppContext } from "#tasks/context.ts";
import type { CommitCheckOutcome } from "#worktrees/checkout/check-commit.ts";
import type { TaskWorktree } from "#worktrees/task-worktree.ts";
import { checkMerge, mergeCheckFailure, type MergeCheck } from "./check-merge.ts";
import {
  type AppliedMerge,
  applyMerge,
  type MergeMethod,
  type PlannedMerge,
  planMerge,
  type UnchangedTask,
} from "./plan-merge.ts";

/** Options of a merge. */
export interface MergeOptions extends MergeMethod {
  /** Check of each merged result, before the branch moves. */
  check?: MergeCheck | undefined;
}

/** A merged task. */
export interface MergedTask extends AppliedMerge {
  /** Outcome of the check of this commit; absent if none was requested, or the branch had the changes already. */
  check?: CommitCheckOutcome;
}

/** Reason why a task was not merged. */
export interface MergeStop {
  failure: Failure;
  conflicts: Conflict[];
  /** Outcome of the check of the merged result, if that failed. */
  check?: CommitCheckOutcome;
}

/** Maximum number of attempts at a merge into a branch that keeps moving. */
const MAX_ATTEMPTS = 3;

/**
 * Merges the branch of one task. The lock of the repository is held while the merge is computed and while it is applied, but not while the
 * result is checked: a check may take long, and tasks that start meanwhile need the lock.
 * @throws AppError if it cannot be merged
 */
export async function mergeTask(
  context: AppContext,
  site: TaskWorktree,
  options: MergeOptions,
): Promise<MergedTask | UnchangedTask | MergeStop> {
  const { check, ...method } = options;
  let passed: { plan: PlannedMerge; outcome: CommitCheckOutcome } | undefined;
  for (let [moves, checks] = [0, 0]; ;) {
    const step = await withRepositoryLock(context.store, site.repository, async () => {
      const plan = await planMerge(context, site, method, passed?.plan);
      if (!("target" in plan)) return plan;
      const isNew = plan.commit !== plan.target;
      const isPassed = passed !== undefined && isSameMerge(plan, passed.plan);
      if (check !== undefined && isNew && !isPassed) return { toCheck: plan };
      const applied = await applyMerge(context, site, plan);
      if ("hasMoved" in applied || passed === undefined || !isPassed) return applied;
      return { ...applied, check: passed.outcome };
    });
    if ("hasMoved" in step) {
      if (++moves === MAX_ATTEMPTS) throw step.hasMoved;
    } else if (check !== undefined && "toCheck" in step) {
      if (checks++ === MAX_ATTEMPTS) throw keepsMoving(step.toCheck);
      const outcome = await checkMerge(context, site, step.toCheck, check);
      if (!outcome.passed) return toStop(step.toCheck, outcome);
      passed = { plan: step.toCheck, outcome };
    } else if (!("toCheck" in step)) return step;
  }
}

function toStop(plan: PlannedMerge, outcome: CommitCheckOutcome): MergeStop {
  return { failure: mergeCheckFailure(plan, outcome), conflicts: [], check: outcome };
}

function isSameMerge(a: PlannedMerge, b: PlannedMerge): boolean {
  return a.into === b.into && a.target === b.target && a.commit === b.commit;
}

function keepsMoving({ into }: PlannedMerge): AppError {
  return new AppError(
    "branch_in_use",
    `Branch ${into} has moved during each of ${MAX_ATTEMPTS} checks of the merged work, so it was not merged.`,
    "Merge again when the branch no longer moves, or with a faster check.",
  );
}

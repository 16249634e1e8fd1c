import { toFailure } from "#base/errors.ts";
import type { AppContext } from "#tasks/context.ts";
import { sweepCheckouts } from "./checkout/sweep-checkouts.ts";
import { findSandboxOf, type MergeCheck } from "./merge/check-merge.ts";
import { type MergedTask, type MergeOptions, type MergeStop, mergeTask } from "./merge/merge-task.ts";
import type { UnchangedTask } from "./merge/plan-merge.ts";
import { requireChecks } from "./merge/require-check.ts";
import { getTaskWorktree, type TaskWorktree } from "./task-worktree.ts";

/** Options of a merge of tasks. */
export interface MergeTasksOptions extends Omit<MergeOptions, "check"> {
  /** Check of each merged result, before the branch moves; sandboxed if any of the tasks was. */
  check?: Omit<MergeCheck, "within"> | undefined;
}

/** Result of a merge of one or several tasks. */
export interface MergeOutcome {
  merged: MergedTask[];
  no_changes: UnchangedTask[];
  /** The failure that stopped the merge, with its task; undefined if all are merged. */
  stopped: ({ task_id: string } & MergeStop) | undefined;
  /** Ids of the tasks after the one that failed. */
  not_attempted: string[];
}

/**
 * Merges the branches of tasks, one after the other, up to the first that conflicts. Each merge is computed without touching a
 * working tree, and then applied in one step or not at all.
 * @throws AppError `unknown_task`, `no_worktree`, `unchecked_work` before anything is merged
 */
export async function mergeWorktrees(
  context: AppContext,
  taskIds: readonly string[],
  request: MergeTasksOptions,
): Promise<MergeOutcome> {
  const sites: TaskWorktree[] = [];
  for (const id of taskIds) sites.push(await getTaskWorktree(context, id));
  await sweepCheckouts(context);
  if (request.requireCheck === true) await requireChecks(sites);
  const options = withSandbox(context, sites, request);
  const merged: MergedTask[] = [];
  const no_changes: UnchangedTask[] = [];
  for (const [index, site] of sites.entries()) {
    const outcome = await mergeTask(context, site, options).catch((error: unknown): MergeStop => ({
      failure: toFailure(error),
      conflicts: [],
    }));
    if ("failure" in outcome) {
      const not_attempted = sites.slice(index + 1).map(({ task }) => task.task_id);
      return { merged, no_changes, stopped: { task_id: site.task.task_id, ...outcome }, not_attempted };
    }
    if ("commit" in outcome) merged.push(outcome);
    else no_changes.push(outcome);
  }
  return { merged, no_changes, stopped: undefined, not_attempted: [] };
}

function withSandbox(
  context: AppContext,
  sites: readonly TaskWorktree[],
  { check, ...options }: MergeTasksOptions,
): MergeOptions {
  return check === undefined || check.command.trim() === ""
    ? options
    : { ...options, check: { ...check, within: findSandboxOf(context, sites) } };
}

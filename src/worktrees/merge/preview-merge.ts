import { splitNul, toText } from "#git/byte-names.ts";
import { compareCommits } from "#git/changes/compare.ts";
import { readShortstat } from "#git/changes/changes.ts";
import { inspectWorktree } from "#git/changes/status.ts";
import { gitBytes } from "#git/git.ts";
import type { MergeStrategy } from "#git/merge/merge-request.ts";
import type { Conflict } from "#git/merge/merge-trees.ts";
import { type Failure, toFailure } from "#base/errors.ts";
import { listSome } from "#base/text.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import type { AppContext } from "#tasks/context.ts";
import { getTaskWorktree, type TaskWorktree } from "#worktrees/task-worktree.ts";
import { type PlannedMerge, planMerge } from "./plan-merge.ts";
import { requireCheck } from "./require-check.ts";

/** Effect that a merge of a task would have now. */
export interface MergeForecast {
  /** Branch that would be merged into. */
  into: string;
  outcome: "clean" | "no_changes" | "conflict" | "refused";
  /** Summary of the changes to that branch. */
  diff_stat?: string;
  conflicts: Conflict[];
  /** Reason why nothing would be merged. */
  failure?: Failure;
  /** Fact that the user should consider. */
  note?: string;
}

/**
 * Computes the merge of a task's branch without applying it: no branch and no working tree changes.
 * @throws AppError `unknown_task`, `no_worktree`, `worktree_moved`
 */
export async function previewMerge(
  context: AppContext,
  taskId: string,
  strategy: MergeStrategy,
): Promise<MergeForecast> {
  const site = await getTaskWorktree(context, taskId);
  const named = site.baseBranch ?? "";
  try {
    return await withRepositoryLock(context.store, site.repository, async () => {
      const plan = await planMerge(context, site, { strategy });
      if ("failure" in plan) return { into: named, outcome: "conflict", ...plan };
      if (!("commit" in plan)) return { into: plan.into, outcome: "no_changes", conflicts: [] };
      if (plan.commit !== plan.target) return await forecast(site, plan);
      const note = `Branch ${plan.into} has these changes already.`;
      return { into: plan.into, outcome: "no_changes", conflicts: [], note };
    });
  } catch (error) {
    return { into: named, outcome: "refused", conflicts: [], failure: toFailure(error) };
  }
}

async function forecast(site: TaskWorktree, plan: PlannedMerge): Promise<MergeForecast> {
  const { into, target, commit } = plan;
  const overwritten = await listOverwritten(plan);
  if (overwritten.length > 0) {
    const failure: Failure = {
      code: "checkout_dirty",
      message: `${plan.checkout} has uncommitted changes in ${listSome(overwritten, 10)}, which the merge would overwrite.`,
      hint: "Commit or stash them, then merge again.",
    };
    return { into, outcome: "refused", conflicts: [], failure };
  }
  const diff_stat = await readShortstat(site.folder, target, commit);
  const note = describeRisk(site, plan);
  return { into, outcome: "clean", diff_stat, conflicts: [], ...(note !== undefined && { note }) };
}

/** Returns the files that the merge would change and that have uncommitted changes in the branch's working tree. */
async function listOverwritten({ checkout, target, commit }: PlannedMerge): Promise<string[]> {
  if (checkout === undefined) return [];
  const { status } = await inspectWorktree(checkout);
  if (status.changed.length === 0) return [];
  const names = await gitBytes(checkout, compareCommits(target, commit, ["--no-renames", "--name-only", "-z"]));
  const changed = new Set(splitNul(names));
  return status.changed.filter((name) => changed.has(name)).map(toText);
}

function describeRisk(site: TaskWorktree, { source }: PlannedMerge): string | undefined {
  const { task } = site;
  if (task.status === "cancelled") return "The task was cancelled: its work may be incomplete.";
  if (task.status === "failed") return "The task has failed: its work may be incomplete.";
  if (task.check_request === undefined) return undefined;
  try {
    requireCheck(site, source);
    return undefined;
  } catch (error) {
    return toFailure(error).message;
  }
}

import { AppError } from "#base/errors.ts";
import type { MergeResult } from "#board/api/actions.ts";
import type { TakeBody } from "#board/api/compare.ts";
import type { AppContext } from "#tasks/context.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { discardOthers, requireEnded } from "#worktrees/discard-others.ts";
import { mergeWorktrees } from "#worktrees/merge-worktrees.ts";

/**
 * Merges one of several tasks, and then discards the others. A merge that is refused changes nothing, and one that finds nothing to merge
 * discards nothing.
 * @throws AppError `invalid_argument`, `task_running`, and as a merge does
 */
export async function takeTask(app: AppContext, { take, discard }: TakeBody): Promise<MergeResult> {
  const idOf = (name: string) => resolveTask(app, name).record.task_id;
  const [taken, others] = [idOf(take), [...new Set(discard.map(idOf))]];
  if (others.includes(taken)) {
    throw new AppError("invalid_argument", `${taken} cannot be both merged and discarded.`, "Reload the page.");
  }
  await requireEnded(app, others);
  const outcome = await mergeWorktrees(app, [taken], { strategy: "squash" });
  if (outcome.stopped !== undefined) {
    const { code, message, hint } = outcome.stopped.failure;
    throw new AppError(code, message, hint);
  }
  const { discarded, not_discarded } = await discardOthers(app, others, outcome);
  const [merged] = outcome.merged;
  return {
    into: merged?.into ?? outcome.no_changes[0]?.into ?? "",
    ...(merged !== undefined && { commit: merged.commit }),
    diff_stat: merged?.diff_stat ?? "",
    discarded: discarded.map(({ task_id }) => task_id),
    failed: not_discarded.map(({ task_id, failure: { code, message, hint } }) => ({
      id: task_id,
      failure: { code, message, hint },
    })),
  };
}

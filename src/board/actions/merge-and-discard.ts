import type { MergeBody, MergeResult } from "#board/api/actions.ts";
import type { ApiFailure } from "#board/api/failure.ts";
import { toCommandHint } from "#base/command-hints.ts";
import { AppError, type Failure } from "#base/errors.ts";
import type { AppContext } from "#tasks/context.ts";
import { discardOthers } from "#worktrees/discard-others.ts";
import { mergeWorktrees } from "#worktrees/merge-worktrees.ts";

/**
 * Merges the work of a task, and then discards that of others. A merge that is refused changes nothing, and one that finds nothing to merge
 * discards nothing.
 * @throws AppError as a merge does
 */
export async function mergeAndDiscard(
  app: AppContext,
  id: string,
  strategy: MergeBody["strategy"],
  others: readonly string[],
): Promise<MergeResult> {
  const outcome = await mergeWorktrees(app, [id], { strategy });
  const { stopped, merged, no_changes } = outcome;
  if (stopped !== undefined) {
    const { code, message, hint } = stopped.failure;
    throw new AppError(code, message, hint);
  }
  const { discarded, not_discarded } = await discardOthers(app, others, outcome);
  const [done] = merged;
  return {
    into: done?.into ?? no_changes[0]?.into ?? "",
    ...(done !== undefined && { commit: done.commit }),
    diff_stat: done?.diff_stat ?? "",
    discarded: discarded.map(({ task_id }) => task_id),
    failed: not_discarded.map(({ task_id, failure }) => ({ id: task_id, failure: toBoardFailure(failure, task_id) })),
  };
}

/** Returns the failure of an action on a task in words for people. */
export function toBoardFailure({ code, message, hint }: Failure, id: string): ApiFailure {
  return { code, message, hint: toCommandHint(hint, id) };
}

import { AppError } from "#base/errors.ts";
import { mergeAndDiscard } from "#board/actions/merge-and-discard.ts";
import type { MergeResult } from "#board/api/actions.ts";
import type { TakeBody } from "#board/api/compare.ts";
import type { AppContext } from "#tasks/context.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { requireEnded } from "#worktrees/discard-others.ts";

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
  return mergeAndDiscard(app, taken, "squash", others);
}

import { AppError, type Failure, toFailure } from "#base/errors.ts";
import { listSome } from "#base/text.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { listGroupIds } from "#store/tasks/groups.ts";
import type { AppContext } from "#tasks/context.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { type DiscardedWorktree, discardWorktree } from "./discard-worktree.ts";
import type { MergeOutcome } from "./merge-worktrees.ts";

/** Result of discarding the other tries of a group. */
export interface DiscardedOthers {
  /** The discarded worktrees; each can be restored. */
  discarded: (DiscardedWorktree & { task_id: string })[];
  /** Tries that could not be discarded. */
  not_discarded: { task_id: string; failure: Failure }[];
}

/**
 * Returns the ids of the other tries of a task's group, once all have ended.
 * @param names the tasks that are to be merged: one try of a group
 * @throws AppError `invalid_argument` for several tasks, or one without a group; `task_running` if another try has not ended
 */
export async function findOthers(context: AppContext, names: readonly string[]): Promise<string[]> {
  const [name = "", ...more] = names;
  if (more.length > 0) throw notOneTry(`${names.length} tasks are named`);
  const { record } = resolveTask(context, name);
  if (record.group === undefined) throw notOneTry(`${record.task_id} is not a try of a group`);
  const others = listGroupIds(context.store, record.group.id).filter((id) => id !== record.task_id);
  await requireEnded(context, others);
  return others;
}

/**
 * Checks that all tasks that are to be discarded after a merge have ended.
 * @throws AppError `task_running`, `unknown_task`
 */
export async function requireEnded(context: AppContext, ids: readonly string[]): Promise<void> {
  const running: string[] = [];
  for (const id of ids) if (!isEnded(await currentState(context, id))) running.push(id);
  if (running.length === 0) return;
  throw new AppError(
    "task_running",
    `Other tries have not ended: ${listSome(running)}. Nothing was merged.`,
    "Wait for them (codex_wait) or stop them (codex_cancel), then merge again.",
  );
}

async function currentState(context: AppContext, id: string): Promise<TaskRecord> {
  return reconcile(context, findTask(context.store, id) ?? resolveTask(context, id));
}

function notOneTry(why: string): AppError {
  return new AppError(
    "invalid_argument",
    `discard_others takes one try of a group, but ${why}.`,
    "Name one try, or omit discard_others.",
  );
}

/**
 * Discards the worktrees of the other tries, after one was merged. Each is saved first, and a failure of one does not prevent the others.
 * Nothing is discarded if the merge found nothing to merge.
 */
export async function discardOthers(
  context: AppContext,
  others: readonly string[],
  { merged, stopped }: Pick<MergeOutcome, "merged" | "stopped">,
): Promise<DiscardedOthers> {
  const result: DiscardedOthers = { discarded: [], not_discarded: [] };
  if (stopped !== undefined || merged.length === 0) return result;
  for (const id of others) {
    try {
      result.discarded.push(await discardWorktree(context, id, false));
    } catch (error) {
      const failure = toFailure(error);
      // Discarded before, or never made.
      if (failure.code !== "worktree_gone" && failure.code !== "no_worktree") {
        result.not_discarded.push({ task_id: id, failure });
      }
    }
  }
  return result;
}

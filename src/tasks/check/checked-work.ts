import { logger } from "#base/log.ts";
import { beginCheck, endCheck, listCheckTraces, markFiles } from "#git/changes/check-traces.ts";
import type { WorktreeStatus } from "#git/changes/status.ts";
import type { TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { endHelpers } from "#tasks/end/end-processes.ts";
import { commitWorktree, isCommitted, readTaskStatus } from "#tasks/supervise/finish/commit-left-work.ts";

/** Work that is about to be checked. */
export interface CheckedWork {
  /** Commit that contains it; absent if some of it is not committed. */
  commit?: string;
  /** Reason why it could not be committed. */
  commitError?: string;
}

/** Commits the work that is about to be checked. An error does not prevent the check. */
export async function commitBeforeCheck(
  context: AppContext,
  task: TaskRecord,
  signal: AbortSignal,
): Promise<CheckedWork> {
  if (!hasWorktree(task)) return {};
  // A killed check may have left something.
  await recordTraces(task);
  const { facts } = isCommitted(task) ? await commitWorktree(context, task, signal) : { facts: {} };
  const failed = facts.commit_error === undefined ? {} : { commitError: facts.commit_error };
  try {
    const status = await readTaskStatus(task, signal);
    const before = markFiles(task.worktree_dir, status);
    await beginCheck(task.worktree_dir, before);
    const traces = new Set(await listCheckTraces(task.worktree_dir, before));
    const commit = isWhole(status, traces) ? status.head : undefined;
    return { ...failed, ...(commit !== undefined && { commit }) };
  } catch (error) {
    logger("tasks").warn`the worktree of ${task.task_id} could not be read before its check: ${String(error)}`;
    return failed;
  }
}

/** Records which files the last check has left in a task's worktree: later commits of ours do not contain them. */
export async function recordTraces(task: TaskRecord): Promise<void> {
  if (!hasWorktree(task)) return;
  try {
    await endCheck(task.worktree_dir, () => readTaskStatus(task, undefined));
  } catch (error) {
    logger("tasks").warn`what the check of ${task.task_id} has left could not be recorded: ${String(error)}`;
  }
}

/** Ends the helper processes that a killed supervisor has left, and records what its check has left in the worktree. */
export async function endRemains(context: AppContext, task: TaskRecord): Promise<void> {
  await endHelpers(context, task);
  if (task.check_request !== undefined) await recordTraces(task);
}

function hasWorktree(task: TaskRecord): task is TaskRecord & { worktree_dir: string } {
  return task.worktree_dir !== undefined;
}

/** Returns whether the checked-out commit contains all files but new ones that checks have left. */
function isWhole({ changed, untracked, unreadable }: WorktreeStatus, traces: ReadonlySet<string>): boolean {
  const added = new Set(untracked);
  return unreadable.length === 0 && changed.every((name) => traces.has(name) && added.has(name));
}

import { logger } from "#base/log.ts";
import { type FileMarks, listCheckTraces, markFiles, recordCheckTraces } from "#git/changes/check-traces.ts";
import type { WorktreeStatus } from "#git/changes/status.ts";
import type { RunningTask } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { commitWorktree, isCommitted, readTaskStatus } from "#tasks/supervise/finish/commit-left-work.ts";

/** Work that is about to be checked. */
export interface CheckedWork {
  /** Commit that contains it; absent if some of it is not committed. */
  commit?: string;
  /** Reason why it could not be committed. */
  commitError?: string;
  /** Uncommitted files before the check; absent if there is no worktree, or it could not be read. */
  before?: FileMarks;
}

/** Commits the work that is about to be checked. An error does not prevent the check. */
export async function commitBeforeCheck(
  context: AppContext,
  task: RunningTask,
  signal: AbortSignal,
): Promise<CheckedWork> {
  if (!hasWorktree(task)) return {};
  const { facts } = isCommitted(task) ? await commitWorktree(context, task, signal) : { facts: {} };
  const failed = facts.commit_error === undefined ? {} : { commitError: facts.commit_error };
  try {
    const status = await readTaskStatus(task, signal);
    const before = markFiles(task.worktree_dir, status);
    const traces = new Set(await listCheckTraces(task.worktree_dir, before));
    const commit = isWhole(status, traces) ? status.head : undefined;
    return { ...failed, before, ...(commit !== undefined && { commit }) };
  } catch (error) {
    logger("tasks").warn`the worktree of ${task.task_id} could not be read before its check: ${String(error)}`;
    return failed;
  }
}

/** Records which files a check has left in the worktree: later commits of ours do not contain them. */
export async function recordTraces(task: RunningTask, { before }: CheckedWork): Promise<void> {
  if (!hasWorktree(task) || before === undefined) return;
  try {
    const after = markFiles(task.worktree_dir, await readTaskStatus(task, undefined));
    await recordCheckTraces(task.worktree_dir, before, after);
  } catch (error) {
    logger("tasks").warn`what the check of ${task.task_id} has left could not be recorded: ${String(error)}`;
  }
}

function hasWorktree(task: RunningTask): task is RunningTask & { worktree_dir: string } {
  return task.worktree_dir !== undefined;
}

/** Returns whether the checked-out commit contains all files but new ones that checks have left. */
function isWhole({ changed, untracked, unreadable }: WorktreeStatus, traces: ReadonlySet<string>): boolean {
  const added = new Set(untracked);
  return unreadable.length === 0 && changed.every((name) => traces.has(name) && added.has(name));
}

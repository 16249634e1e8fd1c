import { cancelTask } from "#tasks/end/cancel-task.ts";
import type { AppContext } from "#tasks/context.ts";
import type { TaskOverview } from "#tasks/overview.ts";
import { AppError } from "#base/errors.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { discardWorktree } from "#worktrees/discard-worktree.ts";
import { mergeWorktrees } from "#worktrees/merge-worktrees.ts";
import { isUnfinished } from "./task-source.ts";
import { restoreWorktree } from "#worktrees/restore-worktree.ts";

/** Action on the selected task, which is confirmed first. */
export interface TaskAction {
  question: (task: TaskOverview) => string;
  /** Text that is shown meanwhile. */
  doing: string;
  /** Returns why the task does not allow the action; undefined if it does. */
  refuse: (task: TaskOverview) => string | undefined;
  /** @returns what was done */
  run: (context: AppContext, taskId: string) => Promise<string>;
}

const needsEnd = (task: TaskOverview) => (isUnfinished(task) ? `${task.task_id} is still ${task.status}.` : undefined);

/** Actions by their keys. */
export const ACTIONS: Readonly<Record<string, TaskAction>> = {
  c: {
    question: ({ task_id }) => `Cancel ${task_id}?`,
    doing: "Cancelling",
    refuse: (task) => (isUnfinished(task) ? undefined : `${task.task_id} has already ended.`),
    run: async (context, taskId) => {
      const { record, note } = await cancelTask(context, taskId);
      return `${taskId}: ${note ?? record.status}`;
    },
  },
  m: {
    question: ({ task_id }) => `Merge ${task_id} as one commit (squash)?`,
    doing: "Merging",
    refuse: needsEnd,
    run: async (context, taskId) => {
      const { merged, stopped } = await mergeWorktrees(context, [taskId], { strategy: "squash" });
      const [done] = merged;
      if (stopped !== undefined) {
        throw new AppError(stopped.failure.code, stopped.failure.message, stopped.failure.hint);
      }
      return done === undefined
        ? `${taskId} has no changes.`
        : `merged into ${done.into} (${done.commit.slice(0, 12)})`;
    },
  },
  d: {
    question: ({ task_id }) => `Discard the worktree and branch of ${task_id}? u restores them.`,
    doing: "Discarding",
    refuse: needsEnd,
    run: async (context, taskId) => {
      const { agent_branch, salvage } = await discardWorktree(context, taskId, false);
      return `discarded ${agent_branch}, saved as ${salvage}`;
    },
  },
  u: {
    question: ({ task_id }) => `Restore the discarded worktree of ${task_id}?`,
    doing: "Restoring",
    refuse: needsEnd,
    run: async (context, taskId) => {
      const folder = findTask(context.store, taskId)?.record.workspace ?? process.cwd();
      const { worktree_dir } = await restoreWorktree(context, taskId, folder);
      return `restored ${worktree_dir}`;
    },
  },
};

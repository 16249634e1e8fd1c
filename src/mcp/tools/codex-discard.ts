import { z } from "zod";
import { withFormerNames } from "#base/former-names.ts";
import { discardWorktree } from "#worktrees/discard-worktree.ts";
import { restoreWorktree } from "#worktrees/restore-worktree.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { taskId } from "#mcp/schemas.ts";

/** Removes a task's worktree after saving everything in it, or restores it. */
export const codexDiscard = defineTool({
  name: "codex_discard",
  title: "Discard or restore a task's worktree",
  description:
    "Remove the worktree and branch of a task. Everything in them (commits, staged, uncommitted and untracked files) is saved " +
    "first; restore brings it back.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  input: z.object({
    task_id: taskId.describe("Task id or topic; with restore also a branch"),
    restore: z.boolean().optional().describe("Restore the worktree that was discarded last"),
    skip_large_ignored: z
      .boolean()
      .optional()
      .describe("Do not save ignored files and folders larger than 1 MB, such as node_modules"),
    drop_ignored: z.boolean().optional().meta({ description: "Former name of skip_large_ignored", deprecated: true }),
  }),
  output: () =>
    z.object({
      task_id: z.string().optional(),
      worktree_dir: z.string(),
      agent_branch: z.string(),
      salvage: z.string().describe("Git ref that keeps everything"),
      files_saved: z.int().optional().describe("Number of saved files that were not committed"),
      not_saved: z.array(z.string()).describe("Ignored files and folders that were not saved"),
      given_up: z.array(z.string()).meta({ description: "Former name of not_saved", deprecated: true }),
      detached_from: z.string().optional().describe("Branch that was checked out and has changed since"),
      left_behind: z.string().optional().describe("Folder that this user cannot remove completely"),
      next: z.string().describe("What to do next"),
    }),
  handle: async ({ task_id, restore = false, drop_ignored = false, skip_large_ignored = drop_ignored }, { open }) => {
    if (restore) {
      const restored = await restoreWorktree(open(), task_id, process.cwd());
      return { data: { ...withFormerNames(restored), next: `Continue in ${restored.worktree_dir}.` } };
    }
    const discarded = await discardWorktree(open(), task_id, skip_large_ignored);
    return { data: { ...withFormerNames(discarded), next: "To restore it, call codex_discard with restore: true." } };
  },
});

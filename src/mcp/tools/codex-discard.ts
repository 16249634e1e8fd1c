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
    "Remove the worktree and branch of a task. All that they hold (commits, staged, uncommitted, untracked files) is saved " +
    "first; restore brings it back as it was.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
  input: z.strictObject({
    task_id: taskId.describe("codex-<topic>; to restore, also a branch"),
    restore: z.boolean().optional().describe("Bring back what was discarded last"),
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
      salvage: z.string().describe("The git ref that keeps all of it"),
      files_saved: z.int().optional().describe("Files that no commit had"),
      not_saved: z.array(z.string()).describe("Ignored files and folders that were not saved"),
      given_up: z.array(z.string()).meta({ description: "Former name of not_saved", deprecated: true }),
      detached_from: z.string().optional().describe("This branch was checked out; it has changed since"),
      left_behind: z.string().optional().describe("Remains that this user may not remove"),
      next: z.string().describe("What to do next"),
    }),
  handle: async ({ task_id, restore = false, drop_ignored = false, skip_large_ignored = drop_ignored }, { open }) => {
    if (restore) {
      const restored = await restoreWorktree(open(), task_id, process.cwd());
      return { data: { ...withFormerNames(restored), next: `Continue in ${restored.worktree_dir}.` } };
    }
    const discarded = await discardWorktree(open(), task_id, skip_large_ignored);
    return { data: { ...withFormerNames(discarded), next: "codex_discard with restore: true brings it back." } };
  },
});

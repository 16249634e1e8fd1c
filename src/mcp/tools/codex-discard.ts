import { z } from "zod";
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
    drop_ignored: z
      .boolean()
      .optional()
      .describe("Do not save ignored files and folders of more than 1 MB, such as node_modules"),
  }),
  output: () =>
    z.object({
      task_id: z.string().optional(),
      worktree_dir: z.string(),
      agent_branch: z.string(),
      salvage: z.string().describe("The git ref that keeps all of it"),
      files_saved: z.int().optional().describe("Files that no commit had"),
      given_up: z.array(z.string()).describe("Ignored and not saved"),
      detached_from: z.string().optional().describe("This branch was checked out; it has changed since"),
      left_behind: z.string().optional().describe("Remains that this user may not remove"),
      next: z.string().describe("What to do next"),
    }),
  handle: async ({ task_id, restore = false, drop_ignored = false }, { open }) => {
    if (restore) {
      const restored = await restoreWorktree(open(), task_id, process.cwd());
      return { data: { ...restored, next: `Continue in ${restored.worktree_dir}.` } };
    }
    const discarded = await discardWorktree(open(), task_id, drop_ignored);
    return { data: { ...discarded, next: "codex_discard with restore: true brings it back." } };
  },
});

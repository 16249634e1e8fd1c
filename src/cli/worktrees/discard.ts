import { withFormerNames } from "#base/former-names.ts";
import { quoteForShell } from "#base/text.ts";
import { discardWorktree } from "#worktrees/discard-worktree.ts";
import { resolveTask } from "#tasks/lookup.ts";
import type { Input } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/terminal/open.ts";
import { printJson, printLines } from "#cli/terminal/output.ts";
import { shortenHome } from "#cli/terminal/task-table.ts";

/** Removes worktrees after saving all their contents. */
export async function discard({
  operands,
  options,
}: Input<{ "skip-large-ignored": boolean; "drop-ignored": boolean; json: boolean }>): Promise<number> {
  const context = openCommandContext();
  // All names are resolved first: if one is wrong, nothing is discarded.
  const stored = operands.map((name) => resolveTask(context, name));
  for (const { record } of stored) {
    const done = await discardWorktree(
      context,
      record.task_id,
      options["skip-large-ignored"] || options["drop-ignored"],
    );
    if (options.json) printJson(withFormerNames(done));
    else {
      printLines([
        `discarded ${shortenHome(done.worktree_dir)} and ${done.agent_branch}`,
        `saved     ${done.salvage} (files beside the commits: ${done.files_saved})`,
        ...done.not_saved.map((path) => `not saved ${path}`),
        ...(done.left_behind === undefined ? [] : [describeLeft(done.left_behind)]),
        `back with codex-mcp-server restore ${done.task_id}`,
      ]);
    }
  }
  return 0;
}

/** Returns a line about a folder that only another user can remove completely. */
export function describeLeft(folder: string): string {
  return `left      ${shortenHome(folder)}, which this user may not remove whole: sudo rm -r ${quoteForShell(folder)}`;
}

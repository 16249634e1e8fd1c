import { withFormerNames } from "#base/former-names.ts";
import { quoteForShell } from "#base/text.ts";
import { type DiscardedWorktree, discardWorktree } from "#worktrees/discard-worktree.ts";
import { resolveTasks } from "#tasks/lookup.ts";
import { defineCommand, JSON_OPTION, TASKS_OR_GROUPS } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { printJson, printLines } from "#cli/terminal/output.ts";
import { shortenHome } from "#base/paths.ts";

export const discardCommand = defineCommand({
  name: "discard",
  group: "worktrees",
  summary: "Save and remove the worktrees and branches of tasks",
  details:
    "Saves commits and staged, changed, untracked and ignored files under refs/codexmcp/salvage in the repository; restore " +
    "brings them back. Keeps worktrees and branches that existed before their task.",
  operands: TASKS_OR_GROUPS,
  options: {
    "skip-large-ignored": {
      type: "boolean",
      summary: "Do not save ignored files and folders larger than 1 MB (node_modules, build output)",
    },
    "drop-ignored": { type: "boolean", summary: "Former name of --skip-large-ignored" },
    json: JSON_OPTION,
  },
  examples: [["discard implement-parser-v1", "Discard a task's worktree; its record and log are kept"]],
  run: async ({ options, operands }) => {
    const context = openCommandContext();
    // All names are resolved first: if one is wrong, nothing is discarded.
    const stored = operands.flatMap((name) => resolveTasks(context, name));
    const skipsLargeIgnored = options["skip-large-ignored"] || options["drop-ignored"];
    for (const { record } of stored) {
      const done = await discardWorktree(context, record.task_id, skipsLargeIgnored);
      if (options.json) printJson(withFormerNames(done));
      else printLines(describeDiscarded(done));
    }
    return 0;
  },
});

/** Returns lines about a discarded worktree. */
export function describeDiscarded(done: DiscardedWorktree & { task_id: string }): string[] {
  return [
    `discarded ${shortenHome(done.worktree_dir)} and ${done.agent_branch}`,
    `saved     ${done.salvage} (files besides the commits: ${done.files_saved})`,
    ...done.not_saved.map((path) => `not saved ${path}`),
    ...(done.left_behind === undefined ? [] : [describeLeft(done.left_behind)]),
    `Run \`codex-mcp-server restore ${done.task_id}\` to restore it.`,
  ];
}

/** Returns a line about a folder that only another user can remove completely. */
export function describeLeft(folder: string): string {
  return `left      ${shortenHome(folder)}, which this user cannot remove: sudo rm -r ${quoteForShell(folder)}`;
}

import { diffWorktree } from "#worktrees/diff-worktree.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { type PatchDisplay, readPatchDisplay } from "#git/terminal-settings.ts";
import type { FileChange } from "#git/changes/worktree-diff.ts";
import { defineCommand, JSON_OPTION } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { isTerminal, printJson, printLines } from "#cli/terminal/output.ts";
import { printPatch } from "#cli/terminal/patch.ts";

export const diffCommand = defineCommand({
  name: "diff",
  group: "worktrees",
  summary: "Show the changes in a task's worktree since its base commit",
  details:
    "Prints a patch as git diff does, with uncommitted and new files: on a terminal, in git's colours and in the user's pager " +
    "(GIT_PAGER, core.pager, PAGER). Changes neither files nor the index.",
  operands: { usage: "<task> [<path>…]", min: 1, max: Number.POSITIVE_INFINITY, kind: "task and changed files" },
  options: {
    stat: { type: "boolean", summary: "Print only the changed files and numbers of lines" },
    "no-pager": { type: "boolean", summary: "Print on the terminal without a pager" },
    json: JSON_OPTION,
  },
  examples: [
    ["diff implement-parser-v1 --stat", "List the changed files"],
    ["diff implement-parser-v1 src | git apply", "Apply the changes in src to the current folder"],
  ],
  run: async ({ options, operands: [name = "", ...paths] }) => {
    const context = openCommandContext();
    const { record } = resolveTask(context, name);
    const { patch: _beginning, ...comparison } = await diffWorktree(context, record.task_id, paths, 0);
    if (options.json) printJson(comparison);
    else if (options.stat) {
      printLines(comparison.files.map(describeFileChange));
      printLines([comparison.diff_stat === "" ? "No changes." : comparison.diff_stat]);
    } else {
      const display = isTerminal() ? await readPatchDisplay(comparison.worktree_dir, process.env) : NO_DISPLAY;
      await printPatch(comparison.patch_file, options["no-pager"] ? { ...display, pager: undefined } : display);
    }
    return 0;
  },
});

/** Form of a patch in a pipe or file. */
export const NO_DISPLAY: PatchDisplay = { pager: undefined, hasColour: false, colours: {} };

/** Returns a line about a changed file. */
export function describeFileChange({ path, status, from, added, deleted }: FileChange): string {
  const lines = added === undefined ? "binary" : `+${added} -${deleted ?? 0}`;
  return `${status.padEnd(12)} ${lines.padEnd(12)} ${from === undefined ? path : `${from} → ${path}`}`;
}

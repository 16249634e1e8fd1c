import { compareTasks } from "#worktrees/compare/compare-tasks.ts";
import { diffTasks } from "#worktrees/compare/diff-tasks.ts";
import { AppError } from "#base/errors.ts";
import { readPatchDisplay } from "#git/terminal-settings.ts";
import { defineCommand, JSON_OPTION, TASKS_OR_GROUPS } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { formatComparison } from "#cli/terminal/format-comparison.ts";
import { isTerminal, printJson, printLines, terminalWidth } from "#cli/terminal/output.ts";
import { printPatch } from "#cli/terminal/patch.ts";
import { describeFileChange, NO_DISPLAY } from "./diff.ts";

export const compareCommand = defineCommand({
  name: "compare",
  group: "worktrees",
  summary: "Compare the tries of a group, or other tasks",
  details:
    "Shows the outcome, check, changes, tokens and time of each, and the files that several changed; * marks the smallest value of " +
    "those that were completed. With --diff or --stat, shows the differences between the works of two tasks, with uncommitted and " +
    "new files. Changes nothing.",
  operands: TASKS_OR_GROUPS,
  options: {
    diff: { type: "boolean", short: "d", summary: "Print the patch from the first task's work to the second's" },
    stat: { type: "boolean", summary: "Print only the files that differ between two tasks, and numbers of lines" },
    "no-pager": { type: "boolean", summary: "Print on the terminal without a pager" },
    json: JSON_OPTION,
  },
  examples: [
    ["compare implement-parser", "Compare all tries of a group"],
    ["compare implement-parser_try1-v1 implement-parser_try2-v1 --diff", "Show what differs between two tries"],
  ],
  run: async ({ options, operands }) => {
    const context = openCommandContext();
    if (!options.diff && !options.stat) {
      const comparison = await compareTasks(context, operands);
      if (options.json) printJson(comparison);
      else printLines(formatComparison(comparison, terminalWidth()));
      return 0;
    }
    const [from, to, ...others] = operands;
    if (from === undefined || to === undefined || others.length > 0) throw notTwo();
    const { patch: _beginning, folder, ...diff } = await diffTasks(context, [from, to], [], 0);
    if (options.json) printJson(diff);
    else if (options.stat) {
      printLines([...diff.files.map(describeFileChange), diff.diff_stat === "" ? "No differences." : diff.diff_stat]);
    } else {
      const display = isTerminal() ? await readPatchDisplay(folder, process.env) : NO_DISPLAY;
      await printPatch(diff.patch_file, options["no-pager"] ? { ...display, pager: undefined } : display);
    }
    return 0;
  },
});

function notTwo(): AppError {
  return new AppError("invalid_argument", "--diff and --stat take exactly two tasks.", "Name the two tasks.");
}

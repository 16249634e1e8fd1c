import { mergeWorktrees } from "#worktrees/merge-worktrees.ts";
import { resolveTask } from "#tasks/lookup.ts";
import type { Conflict } from "#git/merge/merge-trees.ts";
import type { MergeStrategy } from "#git/merge/merge-request.ts";
import { AppError } from "#base/errors.ts";
import type { Input } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/terminal/open.ts";
import { printJson, printLines } from "#cli/terminal/output.ts";
import { compose, multiline, paint } from "#cli/terminal/style.ts";

interface MergeCommandOptions {
  strategy: MergeStrategy | undefined;
  into: string | undefined;
  message: string | undefined;
  json: boolean;
}

/**
 * Merges tasks' branches in the given order.
 * @throws AppError if one conflicts
 */
export async function merge({ operands, options }: Input<MergeCommandOptions>): Promise<number> {
  const context = openCommandContext();
  const ids = operands.map((name) => resolveTask(context, name).record.task_id);
  const { strategy = "squash", into, message } = options;
  const outcome = await mergeWorktrees(context, ids, { strategy, into, message });
  const { merged, no_changes, stopped, not_attempted } = outcome;
  if (options.json) printJson(outcome);
  else {
    printLines(
      merged.map((each) => {
        const what = each.diff_stat === "" ? "was there already" : each.diff_stat;
        return compose`${paint(each.agent_branch, "bold")} → ${each.into} (${each.commit.slice(0, 12)}): ${what}`;
      }),
    );
    printLines(no_changes.map((each) => compose`${paint(each.agent_branch, "bold")}: no changes`));
    for (const conflict of stopped?.conflicts ?? []) printConflict(conflict);
  }
  if (stopped === undefined) return 0;
  if (not_attempted.length > 0 && !options.json) printLines([`not attempted: ${not_attempted.join(", ")}`]);
  const { code, message: said, hint } = stopped.failure;
  throw new AppError(code, said, hint);
}

function printConflict({ path, hunks }: Conflict): void {
  printLines([paint(path, "bold")]);
  for (const { line, text } of hunks) printLines([`  line ${line}:`, multiline(text.replaceAll(/^/gm, "    "))]);
}

import { diffWorktree } from "#worktrees/diff-worktree.ts";
import { resolveTask } from "#tasks/lookup.ts";
import type { FileChange } from "#git/changes/worktree-diff.ts";
import type { Input } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/terminal/open.ts";
import { printJson, printLines } from "#cli/terminal/output.ts";
import { printPatch } from "#cli/terminal/patch.ts";

/** Shows the differences between a task's worktree and the commit from which it started. */
export async function diff({ operands, options }: Input<{ stat: boolean; json: boolean }>): Promise<number> {
  const [name = "", ...paths] = operands;
  const context = openCommandContext();
  const { record } = resolveTask(context, name);
  const { patch: _beginning, ...comparison } = await diffWorktree(context, record.task_id, paths, 0);
  if (options.json) printJson(comparison);
  else if (options.stat) {
    printLines(comparison.files.map(describe));
    printLines([comparison.diff_stat === "" ? "No difference." : comparison.diff_stat]);
  } else printPatch(comparison.patch_file);
  return 0;
}

function describe({ path, status, from, added, deleted }: FileChange): string {
  const lines = added === undefined ? "binary" : `+${added} -${deleted ?? 0}`;
  return `${status.padEnd(12)} ${lines.padEnd(12)} ${from === undefined ? path : `${from} → ${path}`}`;
}

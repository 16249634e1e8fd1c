import { resolveTask } from "#app/resolve-task.ts";
import { restoreWorktree } from "#app/restore-worktree.ts";
import type { Input } from "./command.ts";
import { openForPerson } from "./open.ts";
import { printJson, printLines } from "./output.ts";
import { shortenHome } from "./task-table.ts";

/** Brings discarded worktrees back. */
export async function restore({ operands, options }: Input<{ json: boolean }>): Promise<number> {
  const context = openForPerson();
  const stored = operands.map((name) => resolveTask(context, name));
  for (const { record } of stored) {
    const done = await restoreWorktree(context, record.task_id);
    if (options.json) printJson(done);
    else {
      const missing = done.given_up.map((path) => `not saved, so not back: ${path}`);
      printLines([`restored ${shortenHome(done.worktree_dir)} and ${done.agent_branch}`, ...missing]);
    }
  }
  return 0;
}

import { attachTask } from "#tasks/attach-task.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { AppError } from "#base/errors.ts";
import type { Input } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/terminal/open.ts";
import { isTerminal } from "#cli/terminal/output.ts";

/** Shows a running task's pane. */
export async function attach({ operands }: Input): Promise<number> {
  if (!isTerminal()) {
    throw new AppError("invalid_argument", "attach needs a terminal.", "For programs there is logs --follow --raw.");
  }
  const context = openCommandContext();
  await attachTask(context, await reconcile(context, resolveTask(context, operands[0] ?? "")));
  return 0;
}

import { attachTask } from "#app/attach-task.ts";
import { reconcile } from "#app/reconcile.ts";
import { resolveTask } from "#app/resolve-task.ts";
import { AppError } from "#lib/errors.ts";
import type { Input } from "./command.ts";
import { openForPerson } from "./open.ts";
import { isTerminal } from "./output.ts";

/** Shows a running task's pane. */
export async function attach({ operands }: Input): Promise<number> {
  if (!isTerminal()) {
    throw new AppError("invalid_argument", "attach needs a terminal.", "For programs there is logs --follow --raw.");
  }
  const context = openForPerson();
  await attachTask(context, await reconcile(context, resolveTask(context, operands[0] ?? "")));
  return 0;
}

import { cancelTask } from "#tasks/end/cancel-task.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { isEnded } from "#domain/record.ts";
import type { Input } from "#cli/framework/command.ts";
import { describeEnd } from "#cli/terminal/describe-end.ts";
import { openCommandContext } from "#cli/terminal/open.ts";
import { printLines } from "#cli/terminal/output.ts";
import { compose, join, paint } from "#cli/terminal/style.ts";

/** Stops tasks; when it returns, none of their processes is left. */
export async function cancel({ operands }: Input): Promise<number> {
  const context = openCommandContext();
  // All names are resolved first: if one is wrong, nothing is stopped.
  const stored = operands.map((name) => resolveTask(context, name));
  for (const { record } of stored) {
    const { record: task, note } = await cancelTask(context, record.task_id);
    const end = isEnded(task) ? describeEnd(task) : [task.status, ...(note === undefined ? [] : [note])];
    const already = isEnded(record) ? " (it had ended already)" : "";
    printLines([compose`${paint(task.task_id, "bold")}: ${join(end, ", ")}${already}`]);
  }
  return 0;
}

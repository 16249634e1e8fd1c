import { attachTask } from "#tasks/attach-task.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { AppError } from "#base/errors.ts";
import { defineCommand, ONE_TASK } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { isTerminal } from "#cli/terminal/output.ts";

export const attachCommand = defineCommand({
  name: "attach",
  group: "tasks",
  summary: "Attach to the tmux session of a running task",
  details: "Press the tmux prefix, then d, to detach. Ctrl-C in the session cancels the task.",
  operands: ONE_TASK,
  examples: [["attach implement-parser-v1", "Attach to a full-access task"]],
  run: async ({ operands: [name = ""] }) => {
    if (!isTerminal()) {
      throw new AppError("invalid_argument", "attach needs a terminal.", "Use `codex-mcp-server logs --follow`.");
    }
    const context = openCommandContext();
    await attachTask(context, await reconcile(context, resolveTask(context, name)));
    return 0;
  },
});

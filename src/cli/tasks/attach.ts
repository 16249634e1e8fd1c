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
  details:
    "Press the tmux prefix, then d, to detach; within tmux, press the prefix twice. Keys do not reach the task unless --write is " +
    "given: Ctrl-C in its session cancels it.",
  operands: ONE_TASK,
  options: {
    write: { type: "boolean", short: "w", summary: "Let typed keys reach the session; Ctrl-C cancels the task" },
  },
  examples: [
    ["attach implement-parser-v1", "Watch a task that changes files"],
    ["attach --write implement-parser-v1", "Attach with a keyboard, for example to cancel the task by Ctrl-C"],
  ],
  run: async ({ options, operands: [name = ""] }) => {
    if (!isTerminal()) {
      throw new AppError("invalid_argument", "attach needs a terminal.", "Use `codex-mcp-server logs --follow`.");
    }
    const context = openCommandContext();
    return attachTask(context, await reconcile(context, resolveTask(context, name)), options.write);
  },
});

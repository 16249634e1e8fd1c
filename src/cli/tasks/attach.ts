import { attachTask } from "#tasks/attach/attach-task.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { AppError } from "#base/errors.ts";
import { defineCommand, ONE_TASK } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { describeEnd } from "#cli/terminal/format-task.ts";
import { isTerminal, print, printLines } from "#cli/terminal/output.ts";
import { compose, control } from "#cli/terminal/style.ts";

export const attachCommand = defineCommand({
  name: "attach",
  group: "tasks",
  summary: "Join a running task in Codex's own interface, or watch its log",
  details:
    "A task that runs in Codex's app-server is shown in Codex's own interface (CODEXMCP_PANE=tui): type to send it a message, press Esc or " +
    "Ctrl-C to interrupt its turn; it then waits for the next message. Leaving changes nothing: press the tmux prefix, then d; within tmux, " +
    "press the prefix twice; without tmux, /quit. Other tasks are shown as a log that takes no keys unless --write is given: " +
    "there, Ctrl-C cancels the task.",
  operands: ONE_TASK,
  options: {
    write: { type: "boolean", short: "w", summary: "Let typed keys reach the log, too; Ctrl-C there cancels the task" },
    "read-only": { type: "boolean", short: "r", summary: "Only watch: no key reaches the task" },
  },
  examples: [
    ["attach implement-parser-v1", "Work with Codex on a running task"],
    ["attach --read-only implement-parser-v1", "Only watch it"],
    ["attach --write implement-parser-v1", "Attach with a keyboard to a log, for example to cancel the task by Ctrl-C"],
  ],
  run: async ({ options, operands: [name = ""] }) => {
    if (!isTerminal()) {
      throw new AppError("invalid_argument", "attach needs a terminal.", "Use `codex-mcp-server logs -f <task>`.");
    }
    const context = openCommandContext();
    const task = await reconcile(context, resolveTask(context, name));
    const mode = options["read-only"] ? "read" : options.write ? "keys" : "join";
    const { exitCode, ended } = await attachTask(context, task, mode, resetTerminal);
    if (ended !== undefined) printLines([compose`${ended.task_id}:`, ...describeEnd(ended)]);
    return exitCode;
  },
});

/** Undoes what a killed full-screen program had set on the terminal. */
export function resetTerminal(): void {
  print(control("reset modes"));
}

import { AppError } from "#base/errors.ts";
import { sendMessage } from "#tasks/send-message.ts";
import { defineCommand } from "#cli/framework/command.ts";
import { openCommandContext } from "#cli/framework/open-context.ts";
import { readPrompt } from "./read-input.ts";
import { printLines } from "#cli/terminal/output.ts";
import { compose, paint } from "#cli/terminal/style.ts";

const DELIVERIES = {
  steered: "is in the running turn",
  queued: "starts the next turn",
  replaced: "replaces the interrupted turn",
  started: "has started the next run of its session",
} as const;

const WAITING = "waits for the task to start";

export const sendCommand = defineCommand({
  name: "send",
  group: "tasks",
  summary: "Send a message to a task",
  details:
    "A running task gets it into its turn, or, with --after, in a turn of its own after it: the only way if the task runs with `codex exec`. " +
    "A task that has ended is continued. `show` tells what became of it. With - as the message, reads it from stdin.",
  operands: { usage: "<task> <message|->", min: 2, max: 2, kind: "task" },
  options: {
    after: { type: "boolean", summary: "When the running turn has ended" },
    instead: { type: "boolean", summary: "Interrupt the running turn first" },
  },
  examples: [['send implement-parser-v1 "Also mind the tests."', "Add to a running task"]],
  run: async ({ options, operands: [name = "", text = ""] }) => {
    if (options.after && options.instead) {
      throw new AppError("invalid_argument", "--after and --instead cannot be combined.", "Use one of them.");
    }
    const when = options.after ? "after" : options.instead ? "instead" : "now";
    const message = await readPrompt(text, "message");
    const { task, delivery } = await sendMessage(openCommandContext(), { task: name, message, when });
    const outcome = task.status === "queued" && delivery === "queued" ? WAITING : DELIVERIES[delivery];
    printLines([compose`${paint(task.task_id, "bold")}: the message ${outcome}`]);
    return 0;
  },
});

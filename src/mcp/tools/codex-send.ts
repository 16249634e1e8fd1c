import { z } from "zod";
import { DELIVERIES, MESSAGE_TIMES } from "#domain/message.ts";
import { sendMessage } from "#tasks/send-message.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { status, taskId } from "#mcp/schemas.ts";

/** Sends a message to a task. */
export const codexSend = defineTool({
  name: "codex_send",
  title: "Send a message to a Codex task",
  description: "Add to a running task, correct it, or continue one that has ended (as a next run of its session).",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  input: z.object({
    task_id: taskId,
    message: z.string(),
    when: z
      .enum(MESSAGE_TIMES)
      .optional()
      .describe("now (default): into the running turn; after: when it has ended; instead: interrupt it first"),
  }),
  output: () =>
    z.object({
      task_id: z.string(),
      topic: z.string(),
      status,
      delivery: z
        .enum([...DELIVERIES, "started"])
        .describe("steered: in the running turn; queued: after it; replaced: instead of it; started: a next run"),
    }),
  handle: async ({ task_id, message, when = "now" }, { open }) => {
    const { task, delivery } = await sendMessage(open(), { task: task_id, message, when });
    return { data: { task_id: task.task_id, topic: task.topic, status: task.status, delivery } };
  },
});

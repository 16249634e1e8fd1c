import { z } from "zod";
import { shorten } from "#base/text.ts";
import { DELIVERIES, MESSAGE_TIMES } from "#domain/message.ts";
import { MAX_CLIENT_NAME } from "#domain/provenance.ts";
import { visibleStatus } from "#domain/record.ts";
import { answerQuestion } from "#tasks/answer-question.ts";
import { sendMessage } from "#tasks/send-message.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { status, taskId } from "#mcp/schemas.ts";

/** Sends a message to a task, or an answer to its question. */
export const codexSend = defineTool({
  name: "codex_send",
  title: "Send a message to a Codex task",
  description:
    "Add to a running task, correct it, answer its question, or continue one that has ended (as a next run of its session).",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  input: z.object({
    task_id: taskId,
    message: z.string(),
    answer: z.string().optional().describe("Id of its question; message: accept, decline, … or a text"),
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
        .enum([...DELIVERIES, "started", "answered"])
        .describe(
          "steered: in the running turn; replaced: instead of it; queued: in the next turn; started: a next run",
        ),
      decision: z.string().optional().describe("Decision of an answer"),
      note: z.string().optional(),
    }),
  handle: async ({ task_id, message, answer, when = "now" }, { open, client = "MCP client", clientKey }) => {
    if (answer !== undefined) {
      const request = { task: task_id, question: answer, answer: message, by: shorten(client, MAX_CLIENT_NAME) };
      const { task, decision, isTaken } = await answerQuestion(open(), request);
      const { task_id: id, topic } = task;
      const note = isTaken ? {} : { note: "Codex gets the answer as soon as the task's supervisor runs again." };
      return { data: { task_id: id, topic, status: visibleStatus(task), delivery: "answered", decision, ...note } };
    }
    const { task, delivery } = await sendMessage(open(), { task: task_id, message, when, clientKey });
    return { data: { task_id: task.task_id, topic: task.topic, status: visibleStatus(task), delivery } };
  },
});

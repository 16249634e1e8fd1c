import { z } from "zod";
import { AppError } from "#base/errors.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { endedOutput, runToEnd } from "./codex.ts";

/** Continues a session, as the tool of this name of Codex's former server did. */
export const codexReply = defineTool({
  name: "codex-reply",
  title: "Continue a Codex task",
  description: "Continue a task, as codex mcp-server did: like codex with resume.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  input: z.object({
    prompt: z.string(),
    threadId: z.string().optional().describe("threadId or session_id of an earlier answer"),
    conversationId: z.string().optional().meta({ description: "Former name of threadId", deprecated: true }),
  }),
  output: endedOutput,
  sameOutputAs: "codex",
  handle: async ({ prompt, threadId, conversationId }, call) => {
    const resume = threadId?.trim() || conversationId;
    if (!resume) {
      throw new AppError(
        "invalid_argument",
        "codex-reply: threadId is missing.",
        "Pass threadId of an earlier answer.",
      );
    }
    return runToEnd({ prompt, resume, mode: "blocking" }, call, { isFormer: true });
  },
});

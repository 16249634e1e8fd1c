import { z } from "zod";
import { startReview } from "#tasks/review/start-review.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { endedOutput, startAndWait } from "./codex.ts";

/** Reviews changes and answers with findings when the review has ended. */
export const codexReview = defineTool({
  name: "codex_review",
  title: "Review changes",
  description: "Review changes, read-only: findings with priority and lines. Waits like codex.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  input: z.object({
    target: z.string().optional().describe("uncommitted (default), base:<branch>, commit:<sha> or task:<id>"),
    focus: z.string().optional(),
    cwd: z.string().optional(),
  }),
  output: endedOutput,
  sameOutputAs: "codex",
  handle: async ({ target = "", focus, cwd }, call) =>
    startAndWait(
      async (context) =>
        startReview(
          context,
          { target, focus, cwd, mode: "blocking", client: call.client, clientKey: call.clientKey },
          call.findFolder,
        ),
      call,
      { isFormer: false },
    ),
});

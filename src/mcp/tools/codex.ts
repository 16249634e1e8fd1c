import { z } from "zod";
import { toAnswer } from "#app/answer.ts";
import { cancelTask } from "#app/cancel-task.ts";
import { startTask } from "#app/start-task.ts";
import { waitForTask } from "#app/wait-for-task.ts";
import { defineTool } from "../define-tool.ts";
import { failureFields, outcomeFields, startInput, status, worktreeFields } from "../schemas.ts";
import { toStartRequest } from "./start-request.ts";

/** Runs a task and answers when it has ended. */
export const codex = defineTool({
  name: "codex",
  title: "Run a Codex task",
  description:
    "Hand a task to the Codex CLI and wait for its result. For reviews (read-only) and modules that are " +
    "implemented side by side (full-access: each topic works in its own git worktree and branch; call several at once). " +
    "For work of more than a few minutes use codex_dispatch.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  input: startInput,
  output: z.object({
    success: z.boolean(),
    task_id: z.string(),
    status,
    elapsed_seconds: z.number(),
    ...outcomeFields,
    ...worktreeFields,
    ...failureFields,
  }),
  handle: async (args, { open, signal }) => {
    const context = open();
    const started = await startTask(context, toStartRequest(args, "blocking"));
    const stop = () => void cancelTask(context, started.task_id);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    const answer = toAnswer(await waitForTask(context, started));
    return { isError: !answer.success, data: answer };
  },
});

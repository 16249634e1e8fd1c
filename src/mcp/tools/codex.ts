import { z } from "zod";
import { toAnswer, worktreeFields } from "#tasks/answer.ts";
import { cancelTask } from "#tasks/end/cancel-task.ts";
import { startTask } from "#tasks/start/start-task.ts";
import { describeRunning } from "#tasks/follow/running-line.ts";
import { waitAtMost } from "#tasks/follow/wait-for-tasks.ts";
import type { AppContext } from "#tasks/context.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { failureFields, outcomeSchemas, startInput, status, toStartRequest, worktreeSchemas } from "#mcp/schemas.ts";
import { withProgress } from "#mcp/answers/progress.ts";

/** Runs a task and answers when it has ended. */
export const codex = defineTool({
  name: "codex",
  title: "Run a Codex task",
  description:
    "Hand a task to the Codex CLI and wait for its result. For reviews (read-only) and modules that are " +
    "implemented in parallel (full-access: each topic works in its own git worktree and branch; call several at once). " +
    "Use codex_dispatch for more than a few minutes of work.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  input: startInput,
  output: () =>
    z.object({
      success: z.boolean().optional().describe("Absent while it is running"),
      task_id: z.string(),
      status,
      elapsed_seconds: z.number(),
      next: z.string().optional().describe("What to do next, while it is running"),
      activity: z.string().optional(),
      queue_position: z.int().optional(),
      note: z.string().optional(),
      ...outcomeSchemas(),
      ...worktreeSchemas(),
      ...failureFields(),
    }),
  handle: async (args, call) => {
    const deadline = performance.now() + call.limits().answerWithinMs;
    const context = call.open();
    const started = await startTask(context, toStartRequest(args, "blocking"));
    if (call.takesTasks && !isEnded(started) && !call.stopped.aborted) return { task: started };
    const stop = () => void cancelTask(context, started.task_id);
    if (call.stopped.aborted) stop();
    else call.stopped.addEventListener("abort", stop, { once: true });
    const ended = await withProgress(call, [started], () => waitAtMost(context, started, deadline - performance.now()));
    if (ended === undefined) return { data: stillRunning(context, started) };
    const answer = toAnswer(ended);
    return { isError: !answer.success, data: answer };
  },
});

/** Returns the answer for a task that is still running shortly before the client stops waiting. */
function stillRunning(context: AppContext, task: TaskRecord): object {
  return {
    ...describeRunning(context, task),
    ...worktreeFields(task),
    next: `Still running. Call codex_wait with task_ids ["${task.task_id}"] for its result; codex_cancel stops it.`,
  };
}

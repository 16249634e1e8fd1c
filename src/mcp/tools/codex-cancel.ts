import { z } from "zod";
import { cancelTask } from "#tasks/end/cancel-task.ts";
import { elapsedSeconds, visibleStatus } from "#domain/record.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { status, taskId } from "#mcp/schemas.ts";

/** Stops a task. */
export const codexCancel = defineTool({
  name: "codex_cancel",
  title: "Stop a Codex task",
  description:
    "Stop a queued or running task and every process that it started; worktree, branch and log are kept. " +
    "A task that has ended is left as it is.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: z.object({ task_id: taskId }),
  output: () =>
    z.object({
      task_id: z.string(),
      status,
      elapsed_seconds: z.number(),
      note: z.string().optional().describe("Why it has not ended yet"),
    }),
  handle: async (args, { open }) => {
    const { record, note } = await cancelTask(open(), args.task_id);
    const { task_id } = record;
    const elapsed_seconds = elapsedSeconds(record);
    return { data: { task_id, status: visibleStatus(record), elapsed_seconds, ...(note !== undefined && { note }) } };
  },
});

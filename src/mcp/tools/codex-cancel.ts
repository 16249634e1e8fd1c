import { z } from "zod";
import { type CancelOutcome, cancelTask } from "#tasks/end/cancel-task.ts";
import { cancelTasks } from "#tasks/end/cancel-tasks.ts";
import { elapsedSeconds, visibleStatus, type VisibleStatus } from "#domain/record.ts";
import { toErrorFields } from "#mcp/answers/respond.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { findGroup } from "#tasks/lookup.ts";
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
      group: z.string().optional().describe("Name of the group, if task_id is one: its tries are in tasks"),
      tasks: z
        .array(z.looseObject({ task_id: z.string(), status }))
        .optional()
        .describe("All tries of the group"),
      note: z.string().optional().describe("Why it has not ended yet"),
    }),
  handle: async (args, { open }) => {
    const group = findGroup(open(), args.task_id);
    if (group === undefined) return { data: describeCancel(await cancelTask(open(), args.task_id)) };
    const { outcomes, failed } = await cancelTasks(open(), group.taskIds);
    const notCancelled = failed.map(({ task_id, failure }) => ({ task_id, ...toErrorFields(failure) }));
    return {
      isError: failed.length > 0,
      data: {
        group: group.id,
        tasks: outcomes.map(describeCancel),
        ...(failed.length > 0 && { not_cancelled: notCancelled }),
      },
    };
  },
});

/** Line of an answer about a task that was to be stopped. */
interface CancelLine {
  task_id: string;
  status: VisibleStatus;
  elapsed_seconds: number;
  note?: string;
}

function describeCancel({ record, note }: CancelOutcome): CancelLine {
  const { task_id } = record;
  const elapsed_seconds = elapsedSeconds(record);
  return { task_id, status: visibleStatus(record), elapsed_seconds, ...(note !== undefined && { note }) };
}

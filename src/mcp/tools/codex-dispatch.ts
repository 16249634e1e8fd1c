import { z } from "zod";
import { answerNote, toAnswer } from "#tasks/answer.ts";
import { startOpenTask } from "#tasks/start/start-task.ts";
import { isEnded, visibleStatus } from "#domain/record.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { formerInput, readFormerArguments, withNotes } from "#mcp/former-server.ts";
import { startInput, status, toOpenRequest } from "#mcp/schemas.ts";

/** Starts a task and answers immediately. */
export const codexDispatch = defineTool({
  name: "codex_dispatch",
  title: "Start a Codex task in the background",
  description:
    "Hand a task to the Codex CLI and return its task_id at once; the task continues even if this client exits. " +
    "codex_wait returns its result. For minutes to hours of work. Parameters as in codex.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  input: startInput.extend(formerInput.shape),
  sameInputAs: "codex",
  output: () =>
    z.object({
      task_id: z.string(),
      status,
      topic: z.string(),
      started_at: z.string(),
      log_file: z.string(),
      worktree_dir: z.string().optional(),
      note: z.string().optional(),
    }),
  handle: async (args, { open, client, clientKey, findFolder }) => {
    const { notes, ...former } = readFormerArguments(args);
    const request = { ...toOpenRequest(args, "dispatch"), ...former, client, clientKey };
    const task = await startOpenTask(open(), request, findFolder);
    if (isEnded(task) && task.status !== "completed") return { isError: true, data: withNotes(toAnswer(task), notes) };
    return {
      data: withNotes(
        {
          task_id: task.task_id,
          status: visibleStatus(task),
          topic: task.topic,
          started_at: task.start_time,
          log_file: task.log_file,
          ...(task.worktree_dir !== undefined && { worktree_dir: task.worktree_dir }),
          ...answerNote(task),
        },
        notes,
      ),
    };
  },
});

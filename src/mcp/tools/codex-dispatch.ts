import { z } from "zod";
import { toAnswer } from "#tasks/answer.ts";
import { startOpenTask } from "#tasks/start/start-task.ts";
import { asksForTries, startTries } from "#tasks/start/start-tries.ts";
import { isEnded } from "#domain/record.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { formerInput, readFormerArguments, withNotes } from "#mcp/former-server.ts";
import { startInput, status, toOpenRequest, toTriesOptions, triesSchemas } from "#mcp/schemas.ts";
import { describeStart, startLine } from "#mcp/tries/describe-start.ts";

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
      ...triesSchemas(),
    }),
  handle: async (args, { open, client, clientKey, findFolder }) => {
    const { notes, ...former } = readFormerArguments(args);
    const request = { ...toOpenRequest(args, "dispatch"), ...former, client, clientKey };
    const tries = toTriesOptions(args);
    if (asksForTries(tries)) return describeStart(await startTries(open(), request, tries, findFolder), notes);
    const task = await startOpenTask(open(), request, findFolder);
    if (isEnded(task) && task.status !== "completed") return { isError: true, data: withNotes(toAnswer(task), notes) };
    return { data: withNotes(startLine(task), notes) };
  },
});

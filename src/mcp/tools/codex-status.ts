import { z } from "zod";
import { MESSAGE_STATES } from "#domain/message.ts";
import { describeLimits } from "#domain/limits.ts";
import type { AppContext } from "#tasks/context.ts";
import { type ListRequest, listTasks, type TaskPage } from "#tasks/list-tasks.ts";
import { readCurrentLimits } from "#tasks/quota/account-limits.ts";
import { withCollisions } from "#worktrees/collisions/collision-fields.ts";
import { findGroup } from "#tasks/lookup.ts";
import { showGroup, showTask } from "#tasks/show-task.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { sizeOf } from "#mcp/answers/fit-answer.ts";
import {
  failureFields,
  outcomeSchemas,
  reviewSchemas,
  status,
  taskId,
  taskLine,
  worktreeSchemas,
} from "#mcp/schemas.ts";

const DEFAULT_LIMIT = 50;
const PROJECT_LIMIT = 10;

const eventLine = () => z.object({ type: z.string(), text: z.string(), tool_name: z.string().optional() });

/** Shows one task in detail, or a page of all tasks. */
export const codexStatus = defineTool({
  name: "codex_status",
  title: "Show Codex tasks",
  description:
    "With task_id: state and progress of one task, or its result if it has ended. " +
    "Without: the newest tasks of this project. Do not poll more often than every 30 seconds.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: z.object({
    task_id: taskId.optional(),
    since_event: z.int().min(0).optional().describe("Only events after this one: next_event of the previous answer"),
    status: status.optional().describe("List only tasks in this state"),
    cwd: z.string().optional().describe("List only tasks started in this folder"),
    all: z.boolean().optional().describe("List the tasks of all projects"),
    limit: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe(`Tasks per page; default ${PROJECT_LIMIT}, or ${DEFAULT_LIMIT} with all or cwd`),
    cursor: z.string().optional().describe("next_cursor of the previous page"),
  }),
  output: () =>
    z.object({
      tasks: z.array(taskLine()).optional().describe("Newest first"),
      limits: z.string().optional().describe("Of the Codex account"),
      group: z.string().optional().describe("Name of the group of tries; if task_id is one, its tries are in tasks"),
      forks: z.string().optional().describe("Task that it is a fork of"),
      next_cursor: z.string().optional().describe("cursor of the next page"),
      unreadable: z
        .array(z.object({ task_id: z.string(), path: z.string(), problem: z.string(), fix: z.string() }))
        .optional()
        .describe("Tasks that cannot be read, and what to do"),
      ...taskLine().omit({ started_at: true }).partial().shape,
      log_file: z.string().optional(),
      max_tokens: z.int().optional(),
      questions: z
        .array(z.looseObject({ id: z.string() }))
        .optional()
        .describe("What it asks; codex_send answers"),
      queue_position: z.int().optional().describe("From 1, while queued"),
      recent_events: z.array(eventLine()).optional().describe("What Codex has done"),
      next_event: z.int().optional().describe("since_event of the next call"),
      log_tail: z.string().optional().describe("The end of the log"),
      last_event_at: z.string().optional(),
      stalled: z.string().optional().describe("Why the task makes no progress"),
      note: z.string().optional(),
      messages: z
        .array(z.looseObject({ text: z.string(), state: z.enum(MESSAGE_STATES) }))
        .optional()
        .describe("Sent with codex_send"),
      notices: z
        .object({ command: z.string(), webhook: z.string() })
        .partial()
        .optional()
        .describe("What became of CODEXMCP_ON_END and CODEXMCP_WEBHOOK"),
      ...outcomeSchemas(),
      ...reviewSchemas(),
      ...worktreeSchemas(),
      ...failureFields(),
    }),
  handle: async (args, { open, limits, findFolder }) => {
    const { answerBytes } = limits();
    // A page of events gets half of that, because the answer also contains the record.
    if (args.task_id) {
      const context = open();
      const group = findGroup(context, args.task_id);
      if (group !== undefined) return { data: await showGroup(context, group) };
      const detail = await showTask(context, args.task_id, args.since_event, answerBytes / 2);
      return { data: await withCollisions(context, detail, detail, false) };
    }
    const [cwd, cursor] = [args.cwd?.trim() ? args.cwd : undefined, args.cursor || undefined];
    const project = args.all === true || cwd !== undefined ? undefined : await findFolder().catch(() => undefined);
    const limit = args.limit ?? (project === undefined ? DEFAULT_LIMIT : PROJECT_LIMIT);
    const context = open();
    const listed = await listThatFits(context, { ...args, cwd, cursor, project, limit }, answerBytes);
    const accountLimits = readCurrentLimits(context.config);
    const page = { ...listed, ...(accountLimits !== undefined && { limits: describeLimits(accountLimits) }) };
    return { data: project === undefined ? page : { ...page, note: `Tasks of ${project}; all: true lists all.` } };
  },
});

/** Lists a page that is small enough for the client, however many tasks were requested. */
async function listThatFits(context: AppContext, request: ListRequest, answerBytes: number): Promise<TaskPage> {
  const page = await listTasks(context, request);
  const size = sizeOf(page);
  if (size <= answerBytes || page.tasks.length < 2) return page;
  const limit = Math.max(1, Math.floor((page.tasks.length * answerBytes * 0.9) / size));
  return listThatFits(context, { ...request, limit: Math.min(limit, page.tasks.length - 1) }, answerBytes);
}

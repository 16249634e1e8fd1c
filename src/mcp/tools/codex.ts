import { z } from "zod";
import { toAnswer, worktreeFields } from "#tasks/answer.ts";
import { cancelTask } from "#tasks/end/cancel-task.ts";
import type { OpenRequest } from "#tasks/start/request/complete-request.ts";
import { startOpenTask } from "#tasks/start/start-task.ts";
import { asksForTries } from "#tasks/start/start-tries.ts";
import { describeAnswering, describeRunning } from "#tasks/follow/running-line.ts";
import { getRun } from "#tasks/lookup.ts";
import { withCollisions } from "#worktrees/collisions/collision-fields.ts";
import type { AppContext } from "#tasks/context.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { readRequestState, takeInputResponses, waitAndAsk } from "#mcp/ask-client.ts";
import { type Call, defineTool, type HandlerAnswer } from "#mcp/define-tool.ts";
import { formerFields, formerInput, isFormerCall, readFormerArguments, withNotes } from "#mcp/former-server.ts";
import {
  failureFields,
  outcomeSchemas,
  reviewSchemas,
  startInput,
  status,
  toOpenRequest,
  toTriesOptions,
  triesSchemas,
  worktreeSchemas,
} from "#mcp/schemas.ts";
import { runTries } from "#mcp/tries/run-tries.ts";
import { withProgress } from "#mcp/answers/progress.ts";

/** Returns the schema of the answer of a tool that waits for a task. */
export const endedOutput = () =>
  z.object({
    success: z.boolean().optional().describe("Absent while it is running"),
    task_id: z.string(),
    topic: z.string(),
    status,
    elapsed_seconds: z.number(),
    next: z.string().optional().describe("What to do next, while it is running"),
    activity: z.string().optional(),
    queue_position: z.int().optional(),
    note: z.string().optional(),
    questions: z
      .array(z.looseObject({ id: z.string() }))
      .optional()
      .describe("What it asks; codex_send answers"),
    ...outcomeSchemas(),
    ...reviewSchemas(),
    ...worktreeSchemas(),
    ...failureFields(),
    ...triesSchemas(),
    threadId: z.string().optional().describe("session_id, in answers to calls of the form of codex mcp-server"),
    content: z.string().optional().describe("result, in answers to calls of the form of codex mcp-server"),
  });

/** Runs a task and answers when it has ended. */
export const codex = defineTool({
  name: "codex",
  title: "Run a Codex task",
  description:
    "Hand a task to the Codex CLI and wait for its result. {prompt} alone reviews or answers, read-only, in the folder of this " +
    "client. To change files, set sandbox: each topic then works in its own git worktree and branch; call several at once. " +
    "Use codex_dispatch for more than a few minutes of work.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  input: startInput.extend(formerInput.shape),
  output: endedOutput,
  handle: async (args, call) => {
    const { notes, ...former } = readFormerArguments(args);
    const request = { ...toOpenRequest(args, "blocking"), ...former };
    const tries = toTriesOptions(args);
    if (asksForTries(tries)) return runTries(request, tries, call, notes);
    return runToEnd(request, call, { isFormer: isFormerCall(args), notes });
  },
});

/** Form of an answer. */
interface AnswerForm {
  /** Whether the answer also has the form that Codex's former server gave it. */
  isFormer: boolean;
  notes?: readonly string[];
}

/** Starts a task and waits for its end, as long as the client waits. */
export async function runToEnd(request: OpenRequest, call: Call, form: AnswerForm): Promise<HandlerAnswer> {
  const start = async (context: AppContext) =>
    startOpenTask(context, { ...request, client: call.client, clientKey: call.clientKey }, call.findFolder);
  return startAndWait(start, call, form);
}

/** Starts a task by a function and waits for its end, as long as the client waits. */
export async function startAndWait(
  start: (context: AppContext) => Promise<TaskRecord>,
  call: Call,
  { isFormer, notes = [] }: AnswerForm,
): Promise<HandlerAnswer> {
  const deadline = performance.now() + call.limits().answerWithinMs;
  const context = call.open();
  const before = readRequestState(call.requestState);
  const started = before === undefined ? await start(context) : await getRun(context, before.taskId, before.run);
  const by = call.client ?? "MCP client";
  const refused = before === undefined ? [] : await takeInputResponses(context, started, call.inputResponses, by);
  const skipped = [...(before?.skipped ?? []), ...refused];
  if (call.takesTasks && !isEnded(started) && !call.stopped.aborted) return { task: started };
  const stop = () => void cancelTask(context, started.task_id);
  if (call.stopped.aborted) stop();
  else call.stopped.addEventListener("abort", stop, { once: true });
  const ended = await withProgress(call, [started], () =>
    waitAndAsk(context, call, started, { atMostMs: deadline - performance.now(), skipped }),
  );
  if (ended !== undefined && "inputRequests" in ended) return ended;
  if (ended === undefined) return { data: withNotes(stillRunning(context, started), notes) };
  const answer = withNotes(await withCollisions(context, ended, toAnswer(ended), true), notes);
  if (!isFormer) return { isError: !answer.success, data: answer };
  const fields = formerFields(answer);
  return { isError: !answer.success, data: { ...answer, ...fields }, text: answer.error ?? fields.content ?? "" };
}

/** Returns the answer for a task that is still running shortly before the client stops waiting. */
function stillRunning(context: AppContext, task: TaskRecord): { note?: string; next: string } {
  const running = describeRunning(context, task);
  const [question] = running.questions ?? [];
  const answer = question === undefined ? "" : `${describeAnswering(task.task_id, question)} `;
  return {
    ...running,
    ...worktreeFields(task),
    next: `${answer}Still running. Call codex_wait with task_ids ["${task.task_id}"] for its result; codex_cancel stops it.`,
  };
}

import { z } from "zod";
import { type TaskAnswer, toAnswer } from "#tasks/answer.ts";
import type { CollisionFields } from "#domain/collision.ts";
import { runIdOf } from "#domain/names.ts";
import { describeAnswering, describeRunning, type RunningLine } from "#tasks/follow/running-line.ts";
import { findTasks, waitForTasks } from "#tasks/follow/wait-for-tasks.ts";
import { readTaskCollisions } from "#worktrees/collisions/collision-fields.ts";
import { defineTool } from "#mcp/define-tool.ts";
import { status, taskId } from "#mcp/schemas.ts";
import { withProgress } from "#mcp/answers/progress.ts";

const DEFAULT_SECONDS = 50;

/** Questions that this server's client has been told by a wait, which returns at once only for others. */
const told = new Set<string>();

/** Waits for tasks up to a time limit. */
export const codexWait = defineTool({
  name: "codex_wait",
  title: "Wait for Codex tasks",
  description:
    "Wait until any or all of the given tasks have ended, one asks something, or the time limit is reached; cheaper than polling codex_status. " +
    "Returns the results of ended tasks, and a line for each of the others.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: z.object({
    task_ids: z.array(taskId).min(1).max(100),
    mode: z.enum(["any", "all"]).optional().describe("Default any"),
    timeout_seconds: z
      .number()
      .min(0)
      .max(86_400)
      .optional()
      .describe(`Default ${DEFAULT_SECONDS}; limited by the time that this client waits`),
  }),
  output: () =>
    z.object({
      done: z.array(z.looseObject({ task_id: z.string(), status, success: z.boolean() })),
      running: z.array(z.looseObject({ task_id: z.string(), status })),
      waiting: z
        .array(z.looseObject({ task_id: z.string() }))
        .optional()
        .describe("Tasks that ask something, with their questions; codex_send answers"),
      next: z.string().optional().describe("What to do next"),
    }),
  handle: async ({ task_ids, mode = "any", timeout_seconds = DEFAULT_SECONDS }, call) => {
    const context = call.open();
    const atMostMs = Math.min(timeout_seconds * 1000, call.limits().answerWithinMs);
    const tasks = await findTasks(context, task_ids);
    const { ended, unfinished } = await withProgress(call, tasks, () =>
      waitForTasks(context, tasks, mode, atMostMs, call.abandoned, (task, { id }) =>
        told.has(`${runIdOf(task)} ${id}`),
      ),
    );
    const lines = unfinished.map((task) => ({ task, line: describeRunning(context, task) }));
    for (const { task, line } of lines) for (const { id } of line.questions ?? []) told.add(`${runIdOf(task)} ${id}`);
    const collisions = await readTaskCollisions(context, ended, true);
    const all = lines.map(({ line }) => line);
    const waiting = all.filter(({ questions }) => questions !== undefined);
    const running = all.filter(({ questions }) => questions === undefined);
    return {
      data: {
        done: ended.map((task) => Object.assign(toAnswer(task), collisions.get(task.task_id))),
        running,
        ...(waiting.length > 0 && { waiting }),
        ...nextStep(running, waiting),
      } satisfies WaitAnswer,
    };
  },
});

interface WaitAnswer {
  done: (TaskAnswer & CollisionFields)[];
  running: RunningLine[];
  waiting?: RunningLine[];
  next?: string;
}

function nextStep(running: readonly RunningLine[], waiting: readonly RunningLine[]): { next?: string } {
  const unfinished = [...waiting, ...running];
  if (unfinished.length === 0) return {};
  const ids = JSON.stringify(unfinished.map(({ task_id }) => task_id));
  const [first] = waiting;
  const [question] = first?.questions ?? [];
  const answer = first === undefined || question === undefined ? "" : `${describeAnswering(first.task_id, question)} `;
  return { next: `${answer}Call codex_wait again with task_ids ${ids}, or do something else meanwhile.` };
}

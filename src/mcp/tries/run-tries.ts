import { type TaskAnswer, toAnswer } from "#tasks/answer.ts";
import { cancelTasks } from "#tasks/end/cancel-tasks.ts";
import type { AppContext } from "#tasks/context.ts";
import { describeAnswering, describeRunning, type RunningLine } from "#tasks/follow/running-line.ts";
import { type WaitResult, waitForTasks } from "#tasks/follow/wait-for-tasks.ts";
import type { OpenRequest } from "#tasks/start/request/complete-request.ts";
import { type StartedTries, startTries, type TriesOptions } from "#tasks/start/start-tries.ts";
import type { TaskRecord } from "#domain/record.ts";
import { withProgress } from "#mcp/answers/progress.ts";
import { waitAndAsk } from "#mcp/ask-client.ts";
import type { Call, HandlerAnswer } from "#mcp/define-tool.ts";
import { withNotes } from "#mcp/former-server.ts";
import { notStartedField } from "./describe-start.ts";

/** Starts several tries and waits for the end of all, as long as the client waits. */
export async function runTries(
  request: OpenRequest,
  options: TriesOptions,
  call: Call,
  notes: readonly string[],
): Promise<HandlerAnswer> {
  const deadline = performance.now() + call.limits().answerWithinMs;
  const context = call.open();
  const started = await startTries(
    context,
    { ...request, client: call.client, clientKey: call.clientKey },
    options,
    call.findFolder,
  );
  const stop = () => {
    const ids = started.tasks.map(({ task_id }) => task_id);
    void cancelTasks(context, ids);
  };
  if (call.stopped.aborted) stop();
  else call.stopped.addEventListener("abort", stop, { once: true });
  const result = await withProgress(call, started.tasks, () =>
    waitForAll(context, call, started.tasks, deadline - performance.now()),
  );
  return describeResult(context, started, result, notes);
}

/** Waits for the end of all tasks. A question ends the wait, unless the client's user is asked meanwhile. */
async function waitForAll(
  context: AppContext,
  call: Call,
  tasks: readonly TaskRecord[],
  atMostMs: number,
): Promise<WaitResult> {
  const isAsked = call.elicit !== undefined && !call.isAskedByResult;
  if (!isAsked) return waitForTasks(context, tasks, "all", atMostMs, call.abandoned, () => false);
  const ends = await Promise.all(tasks.map((task) => waitAndAsk(context, call, task, { atMostMs, skipped: [] })));
  const ended = ends.flatMap((end) => (end === undefined || "inputRequests" in end ? [] : [end]));
  const ids = new Set(ended.map(({ task_id }) => task_id));
  return { ended, unfinished: tasks.filter(({ task_id }) => !ids.has(task_id)) };
}

function describeResult(
  context: AppContext,
  started: StartedTries,
  { ended }: WaitResult,
  notes: readonly string[],
): HandlerAnswer {
  const answers = new Map(ended.map((task): [string, TaskAnswer] => [task.task_id, toAnswer(task)]));
  const running = started.tasks.filter(({ task_id }) => !answers.has(task_id));
  const lines = new Map(running.map((task): [string, RunningLine] => [task.task_id, describeRunning(context, task)]));
  const isDone = running.length === 0;
  const hasSucceeded = ({ task_id }: TaskRecord) => answers.get(task_id)?.success === true;
  const success = started.notStarted.length === 0 && started.tasks.every(hasSucceeded);
  const data = {
    ...(isDone && { success }),
    group: started.group,
    tasks: started.tasks.flatMap(({ task_id }) => answers.get(task_id) ?? lines.get(task_id) ?? []),
    ...notStartedField(started),
    next: isDone ? describeChoice(started) : describeWait(started, [...lines.values()]),
  };
  const isError = isDone && !started.tasks.some(hasSucceeded);
  return { isError, data: withNotes<typeof data & { note?: string }>(data, notes) };
}

function describeChoice({ group, tasks }: StartedTries): string {
  const compare = `Call codex_compare with group "${group}" to compare them`;
  const hasWork = tasks.some(({ worktree_dir }) => worktree_dir !== undefined);
  return hasWork ? `${compare}; codex_merge with discard_others merges one and discards the rest.` : `${compare}.`;
}

function describeWait({ group }: StartedTries, lines: readonly RunningLine[]): string {
  const asking = lines.find(({ questions = [] }) => questions.length > 0);
  const [question] = asking?.questions ?? [];
  const answer =
    asking === undefined || question === undefined ? "" : `${describeAnswering(asking.task_id, question)} `;
  return `${answer}Still running. Call codex_wait with task_ids ["${group}"] and mode all for the results; codex_cancel stops all.`;
}

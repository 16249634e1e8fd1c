import { isProcessAlive, type ProcessIdentity, signalProcess } from "#lib/process-identity.ts";
import { endTask, requestCancel, takeOverTask } from "#store/change-task.ts";
import { findTask } from "#store/claim-task.ts";
import { type EndedTask, isEnded, type RunningTask, type TaskRecord } from "#task/record.ts";
import { tmuxServerOf, waitUntilSessionEnds } from "#tmux/tmux.ts";
import type { AppContext } from "./context.ts";
import { endHelpers, endProcesses } from "./end-processes.ts";
import { CANCELLED, endedBy } from "./end-record.ts";
import { getTask } from "./find-task.ts";
import { finishUnseenTask } from "./finish-task.ts";
import { reconcile } from "./reconcile.ts";
import { whileWorkingOn } from "./work-in-progress.ts";
import { waitAtMost } from "./wait-for-task.ts";

/** How long a supervisor may take to end its run; then this process does it. */
const SUPERVISOR_MS = 10_000;

/** How long a supervisor may take to leave after it has written the end. */
const LEAVING_MS = 3000;

/**
 * Stops a task and waits until no process of it is left. A task that has ended already is left as it is.
 * @throws AppError `unknown_task`
 */
export async function cancelTask(context: AppContext, taskId: string): Promise<TaskRecord> {
  const task = await reconcile(context, getTask(context, taskId));
  if (isEnded(task)) return task;
  requestCancel(context.store, task);
  if (task.status === "queued") {
    const cancelled = endedBy(CANCELLED, task);
    const owner = findTask(context.store, task.task_id)?.owner;
    if (endTask(context.store, "queued", cancelled)) {
      if (task.waiting_since !== undefined) await waitForSupervisor(context, task, owner);
      return cancelled;
    }
    // It has been started in this moment: the same again, for a running one.
    return cancelTask(context, task.task_id);
  }
  return (await endBySupervisor(context, task)) ?? endOurselves(context, task);
}

async function endBySupervisor(context: AppContext, task: RunningTask): Promise<EndedTask | undefined> {
  const owner = findTask(context.store, task.task_id)?.owner;
  if (owner === undefined || !signalProcess(owner, "SIGTERM")) return undefined;
  const ended = await waitAtMost(context, task, SUPERVISOR_MS);
  if (ended !== undefined) await waitForSupervisor(context, task, owner);
  return ended;
}

/** The supervisor is a process of the task, too, and its session goes with it. */
async function waitForSupervisor(
  { config }: AppContext,
  task: TaskRecord,
  owner: ProcessIdentity | undefined,
): Promise<void> {
  if (owner === undefined || owner.pid === process.pid) return;
  await waitUntilGone(owner, LEAVING_MS);
  if (task.tmux_session === undefined) return;
  await waitUntilSessionEnds(tmuxServerOf(config), task.tmux_session, LEAVING_MS);
}

/** The supervisor is dead or does not answer: its work is done here. */
async function endOurselves(context: AppContext, task: RunningTask): Promise<TaskRecord> {
  const stored = findTask(context.store, task.task_id);
  if (stored === undefined || isEnded(stored.record)) return stored?.record ?? task;
  // Taken over before anything is killed, so that nobody else starts a supervisor for it.
  if (!takeOverTask(context.store, task, stored.owner)) return cancelTask(context, task.task_id);
  await whileWorkingOn(task.task_id, async () => {
    // Orphans of the run have come to the supervisor, so it is ended after them.
    await endProcesses(context, task, stored.codex, stored.owner);
    await endHungSupervisor(stored.owner);
    await endHelpers(context, task);
    await finishUnseenTask(context, task, CANCELLED);
  });
  return findTask(context.store, task.task_id)?.record ?? task;
}

async function waitUntilGone(process: ProcessIdentity, atMostMs: number): Promise<void> {
  const deadline = performance.now() + atMostMs;
  while (isProcessAlive(process) && performance.now() < deadline) await Bun.sleep(5);
}

async function endHungSupervisor(owner: ProcessIdentity | undefined): Promise<void> {
  if (owner === undefined || owner.pid === process.pid) return;
  signalProcess(owner, "SIGKILL");
  await waitUntilGone(owner, LEAVING_MS);
}

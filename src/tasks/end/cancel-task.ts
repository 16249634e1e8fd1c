import {
  isProcessAlive,
  isProcessStopped,
  type ProcessIdentity,
  visibleIdentity,
  signalProcess,
} from "#platform/process/identity.ts";
import { endTask, requestCancel } from "#store/tasks/change-task.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { readLockState } from "#store/locks/held-lock.ts";
import { taskPaths } from "#store/store-paths.ts";
import { removeHandover } from "#store/tasks/task-folder.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { isEnded, type RunningTask, type TaskRecord } from "#domain/record.ts";
import { tmuxServerOf, waitUntilSessionEnds } from "#tmux/tmux.ts";
import type { AppContext } from "#tasks/context.ts";
import { endRemains } from "#tasks/check/checked-work.ts";
import { endProcesses } from "./end-processes.ts";
import { endUnusedSpare } from "./end-spare.ts";
import { CANCELLED, toEndedTask } from "#tasks/supervise/finish/end-record.ts";
import { startEndHook } from "#tasks/supervise/finish/end-hook.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { finishUnseenTask } from "#tasks/supervise/finish/finish-task.ts";
import { reconcile, withOwnerLock } from "./reconcile.ts";
import { describeElsewhere } from "./task-life.ts";
import { waitAtMost } from "#tasks/follow/wait-for-tasks.ts";

/** Time in which a supervisor must end its run, in milliseconds. After that, this process ends it. */
const SUPERVISOR_TIMEOUT_MS = 10_000;

/** Time in which a supervisor must exit after it has recorded the end, in milliseconds. */
const SUPERVISOR_EXIT_TIMEOUT_MS = 3000;

/** Number of attempts while another process is finishing the run. */
const MAX_ATTEMPTS = 5;

/** Result of a cancel. */
export interface CancelOutcome {
  record: TaskRecord;
  /** Reason why the task has not ended yet. */
  note?: string;
}

/**
 * Stops a task and waits until none of its processes is left. Leaves a task that has ended unchanged. A task that runs
 * in another container or on another host is ended there; if that takes long, the result has a note.
 * @throws AppError `unknown_task`
 */
export async function cancelTask(context: AppContext, taskId: string): Promise<CancelOutcome> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryCancel(context, taskId, attempt);
    if (outcome !== undefined) return outcome;
  }
}

/**
 * Tries once to stop a task.
 * @returns undefined if another process is starting or finishing the task at this moment
 */
async function tryCancel(context: AppContext, taskId: string, attempt: number): Promise<CancelOutcome | undefined> {
  const stored = resolveTask(context, taskId);
  const task = await reconcile(context, stored);
  if (isEnded(task)) {
    // A supervisor that was waiting in the queue may have noticed the cancel and ended the task before this process did.
    if (attempt > 1) await waitForSupervisor(context, task, visibleIdentity(stored.supervisor));
    return { record: task };
  }
  recordCancel(context, task, visibleIdentity(stored.supervisor));
  if (task.status === "queued") return cancelQueued(context, task);
  const ended = await endBySupervisor(context, task, stored);
  if (ended !== undefined) return { record: ended };
  const isEndedHere = await endOurselves(context, task);
  const now = resolveTask(context, task.task_id);
  const { record: after } = now;
  if (isEndedHere || isEnded(after)) return { record: after };
  const elsewhere = describeElsewhere(context, now);
  if (elsewhere !== undefined) {
    return {
      record: after,
      note: `${elsewhere.note} The cancel is recorded, and its supervisor there will carry it out.`,
    };
  }
  return attempt === MAX_ATTEMPTS
    ? { record: after, note: "The cancel is recorded; another process is still ending the task." }
    : undefined;
}

/** Records the cancel. A supervisor that was stopped (SIGSTOP) during a write holds the index's lock, which this needs: it is continued. */
function recordCancel({ store }: AppContext, task: TaskRecord, supervisor: ProcessIdentity | undefined): void {
  continueStopped(supervisor);
  try {
    requestCancel(store, task);
  } catch (error) {
    // It may have been stopped only after that.
    if (!continueStopped(supervisor)) throw error;
    requestCancel(store, task);
  }
}

function continueStopped(supervisor: ProcessIdentity | undefined): boolean {
  return supervisor !== undefined && isProcessStopped(supervisor) && signalProcess(supervisor, "SIGCONT");
}

async function cancelQueued(
  context: AppContext,
  task: TaskRecord & { status: "queued" },
): Promise<CancelOutcome | undefined> {
  const cancelled = toEndedTask(CANCELLED, task);
  const supervisor = findTask(context.store, task.task_id)?.supervisor;
  // If the task has just been started, the caller tries again with the running task.
  if (!endTask(context.store, "queued", cancelled)) return undefined;
  startEndHook(context, cancelled);
  // The server that started it may be dead, and no supervisor will read its environment.
  removeHandover(taskPaths(context.config.home, task.task_id));
  await endUnusedSpare(context, cancelled);
  if (task.waiting_since !== undefined) await waitForSupervisor(context, task, visibleIdentity(supervisor));
  return { record: cancelled };
}

/**
 * Lets the supervisor end its run. The supervisor notices the wake file in the task's folder on any host; a signal also
 * reaches a supervisor that is stopped.
 */
async function endBySupervisor(
  context: AppContext,
  task: RunningTask,
  { supervisor }: StoredTask,
): Promise<TaskRecord | undefined> {
  const { ownerLock } = taskPaths(context.config.home, task.task_id);
  if (readLockState(ownerLock) !== "held") return undefined;
  const here = visibleIdentity(supervisor);
  if (here !== undefined && signalProcess(here, "SIGTERM")) signalProcess(here, "SIGCONT");
  const ended = await waitAtMost(context, task, SUPERVISOR_TIMEOUT_MS);
  if (ended !== undefined) await waitForSupervisor(context, task, here);
  return ended;
}

/** Waits until the supervisor, which is a process of the task too, and its tmux session are gone. */
async function waitForSupervisor(
  { config }: AppContext,
  task: TaskRecord,
  supervisor: ProcessIdentity | undefined,
): Promise<void> {
  if (supervisor === undefined) return;
  await waitUntilGone(supervisor, SUPERVISOR_EXIT_TIMEOUT_MS);
  if (task.tmux_session === undefined) return;
  await waitUntilSessionEnds(tmuxServerOf(config, task), task.tmux_session, SUPERVISOR_EXIT_TIMEOUT_MS);
}

/**
 * Ends a run in place of a supervisor that is dead or does not respond.
 * @returns false if another process is working on the task, or it runs elsewhere
 */
async function endOurselves(context: AppContext, task: RunningTask): Promise<boolean> {
  const stored = findTask(context.store, task.task_id);
  if (stored === undefined || stored.record.run !== task.run || isEnded(stored.record)) return false;
  if (describeElsewhere(context, stored) !== undefined) return false;
  // The supervisor adopts orphans of the run, so it is ended after them.
  const supervisor = visibleIdentity(stored.supervisor);
  const codex = visibleIdentity(stored.codex);
  await endProcesses(context, task, codex, supervisor);
  await endHungSupervisor(supervisor);
  return withOwnerLock(context, task, async () => {
    await endProcesses(context, task, codex);
    await endRemains(context, task);
    await finishUnseenTask(context, task, CANCELLED);
  });
}

async function waitUntilGone(process: ProcessIdentity, atMostMs: number): Promise<void> {
  const deadline = performance.now() + atMostMs;
  while (isProcessAlive(process) && performance.now() < deadline) await Bun.sleep(5);
}

/**
 * Kills a supervisor that does not respond. A process that finishes a run in its place is not recorded as supervisor,
 * so it is never killed.
 */
async function endHungSupervisor(supervisor: ProcessIdentity | undefined): Promise<void> {
  if (supervisor === undefined || supervisor.pid === process.pid) return;
  signalProcess(supervisor, "SIGKILL");
  await waitUntilGone(supervisor, SUPERVISOR_EXIT_TIMEOUT_MS);
}

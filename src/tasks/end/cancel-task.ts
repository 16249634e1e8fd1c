import {
  isProcessAlive,
  isProcessStopped,
  type ProcessIdentity,
  seenFromHere,
  signalProcess,
} from "#platform/process/identity.ts";
import { endTask, requestCancel } from "#store/tasks/change-task.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { readLockState } from "#store/locks/held-lock.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { isEnded, type RunningTask, type TaskRecord } from "#domain/record.ts";
import { tmuxServerOf, waitUntilSessionEnds } from "#tmux/tmux.ts";
import type { AppContext } from "#tasks/context.ts";
import { endHelpers, endProcesses } from "./end-processes.ts";
import { CANCELLED, endedBy } from "#tasks/supervise/end-record.ts";
import { getTask } from "#tasks/find-task.ts";
import { finishUnseenTask } from "#tasks/supervise/finish-task.ts";
import { reconcile, withOwnerLock } from "./reconcile.ts";
import { describeElsewhere } from "./task-life.ts";
import { waitAtMost } from "#tasks/follow/wait-for-task.ts";

/** How long a supervisor may take to end its run; then this process does it. */
const SUPERVISOR_TIMEOUT_MS = 10_000;

/** How long a supervisor may take to leave after it has written the end. */
const SUPERVISOR_EXIT_TIMEOUT_MS = 3000;

/** How often somebody else's finishing of a run is waited for. */
const MAX_ATTEMPTS = 5;

/** What came of a cancel. */
export interface CancelOutcome {
  record: TaskRecord;
  /** Why the task has not ended yet. */
  note?: string;
}

/**
 * Stops a task and waits until no process of it is left. A task that has ended already is left as it is. One that runs in
 * another container or on another host is ended there: if that takes long, the answer says so.
 * @throws AppError `unknown_task`
 */
export async function cancelTask(context: AppContext, taskId: string): Promise<CancelOutcome> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryCancel(context, taskId, attempt);
    if (outcome !== undefined) return outcome;
  }
}

/** Tries once to stop a task. @returns undefined where somebody else was about the task in this moment */
async function tryCancel(context: AppContext, taskId: string, attempt: number): Promise<CancelOutcome | undefined> {
  const stored = getTask(context, taskId);
  const task = await reconcile(context, stored);
  if (isEnded(task)) {
    // A supervisor that waited in the queue has heard of the cancel, and ended the task before this process did.
    if (attempt > 1) await waitForSupervisor(context, task, seenFromHere(stored.supervisor));
    return { record: task };
  }
  // One that was stopped in the middle of a write holds the index, which the cancel has to be noted in.
  const supervisor = seenFromHere(stored.supervisor);
  if (supervisor !== undefined && isProcessStopped(supervisor)) signalProcess(supervisor, "SIGCONT");
  requestCancel(context.store, task);
  if (task.status === "queued") return cancelQueued(context, task);
  const ended = await endBySupervisor(context, task, stored);
  if (ended !== undefined) return { record: ended };
  const isEndedHere = await endOurselves(context, task);
  const now = getTask(context, task.task_id);
  const { record: after } = now;
  if (isEndedHere || isEnded(after)) return { record: after };
  const elsewhere = describeElsewhere(context, now);
  if (elsewhere !== undefined) {
    return { record: after, note: `${elsewhere.note} The cancel is noted: its supervisor there carries it out.` };
  }
  return attempt === MAX_ATTEMPTS
    ? { record: after, note: "The cancel is noted; whoever is finishing the task has not done so yet." }
    : undefined;
}

async function cancelQueued(
  context: AppContext,
  task: TaskRecord & { status: "queued" },
): Promise<CancelOutcome | undefined> {
  const cancelled = endedBy(CANCELLED, task);
  const supervisor = findTask(context.store, task.task_id)?.supervisor;
  // Where it has been started in this moment: the same again, for a running one.
  if (!endTask(context.store, "queued", cancelled)) return undefined;
  if (task.waiting_since !== undefined) await waitForSupervisor(context, task, seenFromHere(supervisor));
  return { record: cancelled };
}

/** The supervisor hears of it by the wake of its folder, wherever it is; a signal besides reaches one that is stopped. */
async function endBySupervisor(
  context: AppContext,
  task: RunningTask,
  { supervisor }: StoredTask,
): Promise<TaskRecord | undefined> {
  const { ownerLock } = taskPaths(context.config.home, task.task_id);
  if (readLockState(ownerLock) !== "held") return undefined;
  const here = seenFromHere(supervisor);
  if (here !== undefined && signalProcess(here, "SIGTERM")) signalProcess(here, "SIGCONT");
  const ended = await waitAtMost(context, task, SUPERVISOR_TIMEOUT_MS);
  if (ended !== undefined) await waitForSupervisor(context, task, here);
  return ended;
}

/** The supervisor is a process of the task, too, and its session goes with it. */
async function waitForSupervisor(
  { config }: AppContext,
  task: TaskRecord,
  supervisor: ProcessIdentity | undefined,
): Promise<void> {
  if (supervisor === undefined) return;
  await waitUntilGone(supervisor, SUPERVISOR_EXIT_TIMEOUT_MS);
  if (task.tmux_session === undefined) return;
  await waitUntilSessionEnds(tmuxServerOf(config), task.tmux_session, SUPERVISOR_EXIT_TIMEOUT_MS);
}

/**
 * Does the work of a supervisor that is dead or does not answer.
 * @returns false where somebody else is about the task, or it runs elsewhere
 */
async function endOurselves(context: AppContext, task: RunningTask): Promise<boolean> {
  const stored = findTask(context.store, task.task_id);
  if (stored === undefined || stored.record.run !== task.run || isEnded(stored.record)) return false;
  if (describeElsewhere(context, stored) !== undefined) return false;
  // Orphans of the run have come to the supervisor, so that is ended after them.
  const supervisor = seenFromHere(stored.supervisor);
  const codex = seenFromHere(stored.codex);
  await endProcesses(context, task, codex, supervisor);
  await endHungSupervisor(supervisor);
  return withOwnerLock(context, task, async () => {
    await endProcesses(context, task, codex);
    await endHelpers(context, task);
    await finishUnseenTask(context, task, CANCELLED);
  });
}

async function waitUntilGone(process: ProcessIdentity, atMostMs: number): Promise<void> {
  const deadline = performance.now() + atMostMs;
  while (isProcessAlive(process) && performance.now() < deadline) await Bun.sleep(5);
}

/** Only a supervisor is ever killed: whoever finishes a run in its place is not noted as one. */
async function endHungSupervisor(supervisor: ProcessIdentity | undefined): Promise<void> {
  if (supervisor === undefined || supervisor.pid === process.pid) return;
  signalProcess(supervisor, "SIGKILL");
  await waitUntilGone(supervisor, SUPERVISOR_EXIT_TIMEOUT_MS);
}

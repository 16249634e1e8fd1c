import { ranMsSince } from "#platform/clock.ts";
import { type Failure, toFailure } from "#base/errors.ts";
import { repairPrivateFolder } from "#platform/files/files.ts";
import { logger } from "#base/log.ts";
import type { ProcessIdentity } from "#platform/process/identity.ts";
import { endTask, recordCodexProcess } from "#store/tasks/change-task.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { type HeldLock, tryHold } from "#store/locks/held-lock.ts";
import { listUnfinishedIds } from "#store/tasks/list-tasks.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import { taskPaths } from "#store/store-paths.ts";
import { removeHandover } from "#store/tasks/task-folder.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { isEnded, type QueuedTask, type RunningTask, type TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { endRemains } from "#tasks/check/checked-work.ts";
import { endLeftovers } from "./end-processes.ts";
import { endUnusedSpare } from "./end-spare.ts";
import { CANCELLED, toEndedTask } from "#tasks/supervise/finish/end-record.ts";
import { resumeNotices, startEndHook } from "#tasks/supervise/finish/end-hook.ts";
import { finishTask, finishUnseenTask } from "#tasks/supervise/finish/finish-task.ts";
import { startDetachedSupervisor } from "#tasks/start/launch-supervisor.ts";
import { readTaskLife } from "./task-life.ts";
import { findContinuation } from "./waiting-turns.ts";
import { foldLog } from "#codex/run/run-log.ts";
import { readTail } from "#platform/files/json-lines.ts";
import { hasSession, tmuxServerOf } from "#tmux/tmux.ts";

/** Time in which a supervisor must report after its starter died, in milliseconds. */
const START_GRACE_MS = 20_000;

/**
 * Returns a task's actual state. Every read calls it. If a process holds the task's lock, the index is right. Otherwise
 * a new supervisor adopts the task while Codex is running, or the task is finished from its files. A state that cannot
 * be determined from here is left unchanged.
 */
export async function reconcile(context: AppContext, stored: StoredTask): Promise<TaskRecord> {
  const { record } = stored;
  if (isEnded(record)) startEndHook(context, record);
  if (isEnded(record) || context.store.isNewer) return record;
  if (record.origin === "python" && record.status === "running") return reconcilePythonTask(context, record);
  const life = readTaskLife(context, stored);
  if (life.state === "owned" || life.state === "unknown") return record;
  if (record.status === "queued") return failUnstarted(context, record);
  if (life.state === "orphaned") return adopt(context, record, stored.codex === undefined, life.codex);
  const continuation = await findContinuation(context, stored);
  if (continuation !== undefined) return continuation === "start" ? startSupervisor(context, record) : record;
  // If a cancel was requested, the task ends as cancelled.
  const stopped = stored.isCancelRequested ? CANCELLED : undefined;
  await withOwnerLock(context, record, () => endLost(context, record, stopped));
  return current(context, record);
}

/**
 * Determines the actual state of all unfinished tasks, each independently of the others.
 * @returns the ids of the tasks for which that failed, with the reason
 */
export async function reconcileAll(context: AppContext): Promise<Map<string, Failure>> {
  const failed = new Map<string, Failure>();
  resumeNotices(context);
  for (const id of listUnfinishedIds(context.store)) {
    try {
      const stored = findTask(context.store, id);
      if (stored !== undefined) await reconcile(context, stored);
    } catch (error) {
      logger("app").warn`the state of ${id} cannot be determined: ${String(error)}`;
      failed.set(id, toFailure(error));
    }
  }
  return failed;
}

/**
 * Calls a function in place of an unfinished task's supervisor, holding the owner lock so that no other process does
 * so.
 * @returns false if another process holds the lock, the task has ended, or another run has started
 */
export async function withOwnerLock(
  context: AppContext,
  task: TaskRecord,
  work: () => Promise<void>,
): Promise<boolean> {
  const lock = tryHoldOwner(context, task);
  if (lock === undefined) return false;
  try {
    await work();
    return true;
  } finally {
    lock.release();
  }
}

function tryHoldOwner(context: AppContext, task: TaskRecord): HeldLock | undefined {
  const { folder, live, ownerLock } = taskPaths(context.config.home, task.task_id);
  // The folders may have been deleted.
  inStateFolder(() => [folder, live].forEach(repairPrivateFolder));
  const lock = tryHold(ownerLock);
  const now = lock === undefined ? undefined : findTask(context.store, task.task_id)?.record;
  // The record that the caller has read may be outdated.
  if (lock === undefined || (now?.run === task.run && now.status === task.status)) return lock;
  lock.release();
  return undefined;
}

function adopt(context: AppContext, task: RunningTask, isNew: boolean, codex: ProcessIdentity): RunningTask {
  if (isNew) recordCodexProcess(context.store, task, codex);
  return startSupervisor(context, task);
}

/** Starts a new supervisor for a run. If several processes do so, the first supervisor takes the run over. */
function startSupervisor(context: AppContext, task: RunningTask): RunningTask {
  void startDetachedSupervisor(context, task).catch((error: unknown) => {
    logger("app").warn`no new supervisor for ${task.task_id}: ${String(error)}`;
  });
  return task;
}

/** Ends a run whose supervisor and Codex are gone. */
async function endLost(context: AppContext, task: RunningTask, stopped: Failure | undefined): Promise<void> {
  await endLeftovers(context, task);
  await endRemains(context, task);
  await finishUnseenTask(context, task, stopped);
}

function current({ store }: AppContext, record: TaskRecord): TaskRecord {
  return findTask(store, record.task_id)?.record ?? record;
}

async function failUnstarted(context: AppContext, task: QueuedTask): Promise<TaskRecord> {
  const ranMs = task.started_clock === undefined ? undefined : ranMsSince(task.started_clock);
  const isAwaited = task.launched === true && task.waiting_since === undefined;
  const isOnItsWay = isAwaited && ranMs !== undefined && ranMs < START_GRACE_MS;
  if (isOnItsWay) return task;
  await withOwnerLock(context, task, async () => {
    removeHandover(taskPaths(context.config.home, task.task_id));
    const failure: Failure = {
      code: "start_failed",
      message: "The server ended before it had started the task.",
      hint: "Run the task again.",
    };
    const ended = toEndedTask(failure, task);
    if (endTask(context.store, "queued", ended)) startEndHook(context, ended);
    await endUnusedSpare(context, ended);
  });
  return current(context, task);
}

const TAIL_BYTES = 4096;

/**
 * Determines the actual state of a task that the Python server started. Its log ends with `EXIT_CODE=<n>` once it has
 * ended; without that line, the task is running as long as its tmux session exists.
 */
async function reconcilePythonTask(context: AppContext, task: RunningTask): Promise<TaskRecord> {
  const [, exit] = /^EXIT_CODE=(\d+)\s*$/m.exec(readTail(task.log_file, TAIL_BYTES)) ?? [];
  const run = { state: await foldLog(task.log_file), stopped: undefined };
  if (exit !== undefined) {
    const ended = await finishTask(context, task, { ...run, end: { exitCode: Number(exit), signal: undefined } });
    if (ended !== undefined) startEndHook(context, ended);
  } else if (!(await isSessionThere(context, task))) {
    const failure: Failure = {
      code: "supervisor_lost",
      message: "The task's tmux session is gone and its log has no exit status.",
      hint: "Call codex with resume to continue the task; log and worktree are kept.",
    };
    if (endTask(context.store, "running", toEndedTask(failure, task))) startEndHook(context, task);
  }
  return findTask(context.store, task.task_id)?.record ?? task;
}

async function isSessionThere({ config }: AppContext, task: RunningTask): Promise<boolean> {
  if (task.tmux_session === undefined) return false;
  return hasSession(tmuxServerOf(config, task), task.tmux_session);
}

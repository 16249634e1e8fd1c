import { secondsBetween } from "#lib/clock.ts";
import { isProcessAlive, type ProcessIdentity } from "#lib/process-identity.ts";
import type { Failure } from "#lib/errors.ts";
import { endTask, noteCodexProcess, takeOverTask } from "#store/change-task.ts";
import { findTask } from "#store/claim-task.ts";
import { listUnfinishedTasks } from "#store/list-tasks.ts";
import { taskPaths } from "#store/store-paths.ts";
import { removeHandover } from "#store/task-folder.ts";
import type { StoredTask } from "#store/task-row.ts";
import { isEnded, type QueuedTask, type RunningTask, type TaskRecord } from "#task/record.ts";
import type { AppContext } from "./context.ts";
import { endHelpers, endLeftovers, listProcesses } from "./end-processes.ts";
import { endedBy } from "./end-record.ts";
import { finishUnseenTask } from "./finish-task.ts";
import { startDetachedSupervisor } from "./launch-supervisor.ts";
import { reconcilePythonTask } from "./reconcile-python.ts";
import { isWorkingOn, whileWorkingOn } from "./work-in-progress.ts";

/** A starter that died may have left a supervisor on its way; it is given this long to report. */
const START_GRACE_SECONDS = 20;

/**
 * The truth about a task. Every read goes through it: a task whose supervisor lives is what the index
 * says; one whose supervisor has died is adopted by a new one while Codex runs, and finished from its
 * files otherwise.
 */
export async function reconcile(context: AppContext, stored: StoredTask): Promise<TaskRecord> {
  const { record, owner } = stored;
  if (isEnded(record) || (owner !== undefined && isAnswering(owner, record))) return record;
  if (record.status === "queued") return failUnstarted(context, record, owner);
  if (record.origin === "python") return reconcilePythonTask(context, record);
  const codex = stored.codex ?? findCodex(context, record);
  if (codex !== undefined && isProcessAlive(codex)) {
    if (stored.codex === undefined) noteCodexProcess(context.store, record, codex);
    // Of several supervisors that are started so, the first takes the run over.
    void startDetachedSupervisor(context, record);
    return record;
  }
  if (takeOverTask(context.store, record, owner)) {
    await whileWorkingOn(record.task_id, () => endLost(context, record));
  }
  return current(context, record);
}

/** Works out the truth about all unfinished tasks whose owners are gone. */
export async function reconcileLost(context: AppContext): Promise<void> {
  for (const task of listUnfinishedTasks(context.store)) {
    if (task.owner !== undefined && isAnswering(task.owner, task)) continue;
    const stored = findTask(context.store, task.task_id);
    if (stored !== undefined) await reconcile(context, stored);
  }
}

/** Ends a run whose supervisor and Codex are gone. */
async function endLost(context: AppContext, task: RunningTask): Promise<void> {
  await endLeftovers(context, task);
  await endHelpers(context, task);
  await finishUnseenTask(context, task, undefined);
}

/** Whether a task's owner lives and is about it. */
function isAnswering(owner: ProcessIdentity, task: { task_id: string }): boolean {
  return owner.pid === process.pid ? isWorkingOn(task.task_id) : isProcessAlive(owner);
}

function current({ store }: AppContext, record: TaskRecord): TaskRecord {
  return findTask(store, record.task_id)?.record ?? record;
}

/** After the index was lost, Codex is known by the marker that it carries. */
function findCodex(context: AppContext, task: RunningTask): StoredTask["codex"] {
  return listProcesses(context, task).toSorted((a, b) => a.pid - b.pid)[0];
}

function failUnstarted(context: AppContext, task: QueuedTask, owner: ProcessIdentity | undefined): TaskRecord {
  const isOurs = owner?.pid === process.pid;
  if (!isOurs && secondsBetween(task.start_time) < START_GRACE_SECONDS) return task;
  removeHandover(taskPaths(context.config.home, task.task_id));
  const failure: Failure = {
    code: "start_failed",
    message: "The server that was starting the task ended before the task had started.",
    hint: "Run the task again.",
  };
  endTask(context.store, "queued", endedBy(failure, task));
  return current(context, task);
}

import { foldLog } from "#codex/run-log.ts";
import { now, secondsBetween } from "#lib/clock.ts";
import { isProcessAlive } from "#lib/process-identity.ts";
import { listFamily } from "#lib/process-tree.ts";
import { endTask, noteCodexProcess, takeOverTask } from "#store/change-task.ts";
import { findTask } from "#store/claim-task.ts";
import { taskPaths } from "#store/store-paths.ts";
import { removeHandover } from "#store/task-folder.ts";
import type { StoredTask } from "#store/task-row.ts";
import { processMarkerOf } from "#task/names.ts";
import { isEnded, type RunningTask, type TaskRecord } from "#task/record.ts";
import type { AppContext } from "./context.ts";
import { endHelpers, endLeftovers } from "./end-processes.ts";
import { finishTask } from "./finish-task.ts";
import { startDetachedSupervisor } from "./launch-supervisor.ts";
import { reconcilePythonTask } from "./reconcile-python.ts";

/** A starter that died may have left a supervisor on its way; it is given this long to report. */
const START_GRACE_SECONDS = 20;

/**
 * The truth about a task. Every read goes through it: a task whose supervisor lives is what the index
 * says; one whose supervisor has died is adopted by a new one while Codex runs, and finished from its
 * files otherwise.
 */
export async function reconcile(context: AppContext, stored: StoredTask): Promise<TaskRecord> {
  const { record, owner } = stored;
  if (isEnded(record) || (owner !== undefined && isProcessAlive(owner))) return record;
  if (record.status === "queued") return failUnstarted(context, record);
  if (record.origin === "python") return reconcilePythonTask(context, record);
  const codex = stored.codex ?? findCodex(context, record);
  if (codex !== undefined && isProcessAlive(codex)) {
    if (stored.codex === undefined) noteCodexProcess(context.store, record, codex);
    // Of several supervisors that are started so, the first takes the run over.
    void startDetachedSupervisor(context, record);
    return record;
  }
  if (takeOverTask(context.store, record, owner)) {
    await endLeftovers(context, record);
    await endHelpers(context, record);
    const end = { exitCode: undefined, signal: undefined };
    await finishTask(context, record, { state: foldLog(record.log_file), end, stopped: undefined });
  }
  return current(context, record);
}

function current({ store }: AppContext, record: TaskRecord): TaskRecord {
  return findTask(store, record.task_id)?.record ?? record;
}

/** After the index was lost, Codex is known by the marker that it carries. */
function findCodex({ config }: AppContext, task: RunningTask): StoredTask["codex"] {
  const marker = processMarkerOf(config.home, task.task_id, task.run);
  const family = listFamily({ root: undefined, marker: `${marker.name}=${marker.value}` });
  return family.toSorted((a, b) => a.pid - b.pid)[0];
}

function failUnstarted(context: AppContext, task: Extract<TaskRecord, { status: "queued" }>): TaskRecord {
  if (secondsBetween(task.start_time) < START_GRACE_SECONDS) return task;
  removeHandover(taskPaths(context.config.home, task.task_id));
  endTask(context.store, "queued", {
    ...task,
    status: "failed",
    end_time: now(),
    code: "start_failed",
    error: "The server that was starting the task ended before the task had started.",
    hint: "Run the task again.",
  });
  return current(context, task);
}

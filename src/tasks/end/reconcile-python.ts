import { foldLog } from "#codex/run/run-log.ts";
import { readTail } from "#platform/files/json-lines.ts";
import type { Failure } from "#base/errors.ts";
import { endTask } from "#store/tasks/change-task.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import type { RunningTask, TaskRecord } from "#domain/record.ts";
import { hasSession, tmuxServerOf } from "#tmux/tmux.ts";
import type { AppContext } from "#tasks/context.ts";
import { toEndedTask } from "#tasks/supervise/end-record.ts";
import { finishTask } from "#tasks/supervise/finish-task.ts";

const TAIL_BYTES = 4096;

/**
 * Determines the actual state of a task that the Python server started. Its log ends with `EXIT_CODE=<n>` once it has
 * ended; without that line, the task is running as long as its tmux session exists.
 */
export async function reconcilePythonTask(context: AppContext, task: RunningTask): Promise<TaskRecord> {
  const [, exit] = /^EXIT_CODE=(\d+)\s*$/m.exec(readTail(task.log_file, TAIL_BYTES)) ?? [];
  const run = { state: await foldLog(task.log_file), stopped: undefined };
  if (exit !== undefined) {
    await finishTask(context, task, { ...run, end: { exitCode: Number(exit), signal: undefined } });
  } else if (!(await isSessionThere(context, task))) {
    const failure: Failure = {
      code: "supervisor_lost",
      message: "The task's tmux session is gone and its log has no exit status.",
      hint: "To continue, start the next version of the topic with its session_id; log and worktree are kept.",
    };
    endTask(context.store, "running", toEndedTask(failure, task));
  }
  return findTask(context.store, task.task_id)?.record ?? task;
}

async function isSessionThere({ config }: AppContext, task: RunningTask): Promise<boolean> {
  if (task.tmux_session === undefined) return false;
  return hasSession(tmuxServerOf(config), task.tmux_session);
}

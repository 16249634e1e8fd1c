import { AppError } from "#base/errors.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { attachSession, checkTmux, hasSession, tmuxServerOf } from "#tmux/tmux.ts";
import type { AppContext } from "./context.ts";

/**
 * Shows a running task's tmux session on this terminal until the user detaches or the session ends.
 * @param canWrite whether typed keys reach the session, where Ctrl-C cancels the task
 * @returns exit status of tmux
 * @throws AppError `invalid_argument` if there is no session to show, with what to do instead
 */
export async function attachTask({ config }: AppContext, task: TaskRecord, canWrite: boolean): Promise<number> {
  if (isEnded(task)) throw noSession(task, `it has ended (${task.status})`, `show ${task.task_id}`);
  const follow = `logs -f ${task.task_id}`;
  if (task.tmux_session === undefined) throw noSession(task, "it runs without tmux", follow);
  const server = tmuxServerOf(config, task);
  checkTmux(server);
  if (!(await hasSession(server, task.tmux_session))) {
    throw noSession(task, "the session was closed", follow);
  }
  return attachSession(server, task.tmux_session, canWrite);
}

function noSession(task: TaskRecord, because: string, instead: string): AppError {
  const message = `${task.task_id} has no tmux session: ${because}.`;
  return new AppError("invalid_argument", message, `Run \`codex-mcp-server ${instead}\` instead.`);
}

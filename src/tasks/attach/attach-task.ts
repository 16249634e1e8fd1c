import { AppError } from "#base/errors.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import { type EndedTask, isEnded, mayBeJoined, type TaskRecord } from "#domain/record.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { type JoinNote, readJoinNote } from "#store/tasks/join-note.ts";
import { taskPaths } from "#store/store-paths.ts";
import { attachSession, checkTmux, hasSession, tmuxServerOf } from "#tmux/tmux.ts";
import { setKeys } from "#tmux/pane-window.ts";
import type { AppContext } from "#tasks/context.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { waitAtMost } from "#tasks/follow/wait-for-tasks.ts";
import { joinTask } from "./join-task.ts";

/** Time in which a task that has just been started opens its thread, in milliseconds. */
const THREAD_TIMEOUT_MS = 3000;

/** Time in which the end of a run must be recorded to be shown, in milliseconds. */
const RECORD_TIMEOUT_MS = 10_000;

/**
 * Way in which a terminal shows a task: `join` lets the user work with Codex in its own interface, if the task can be joined; `keys` also
 * passes keys to the log, where Ctrl-C cancels the task; `read` passes none.
 */
export type AttachMode = "join" | "keys" | "read";

/** Result of showing a task. */
export interface Attached {
  exitCode: number;
  /** Task, if it ended meanwhile. */
  ended: EndedTask | undefined;
}

/**
 * Shows a running task on this terminal until the user leaves it or the task ends: its tmux session, or without one Codex's interface.
 * @param onKilled called when a program was killed that had changed the terminal's modes
 * @throws AppError `invalid_argument` if there is nothing to show, with what to do instead
 */
export async function attachTask(
  context: AppContext,
  task: TaskRecord,
  mode: AttachMode,
  onKilled: () => void,
): Promise<Attached> {
  if (isEnded(task)) throw ended(task);
  const wanted = mode === "join" && context.config.pane === "log" ? "read" : mode;
  const { tmux_session: session } = task;
  const server = tmuxServerOf(context.config, task);
  if (session !== undefined) checkTmux(server);
  if (session !== undefined && (await hasSession(server, session))) {
    // The interface is a window of the session (`tmux/pane-window.ts`), which opens as soon as there is a thread.
    const canWrite = wanted === "keys" || (wanted === "join" && mayBeJoined(task));
    if (canWrite) await setKeys(server, session, wanted === "keys");
    const exitCode = await attachSession(server, session, canWrite);
    return { exitCode, ended: await findEnd(context, task) };
  }
  const note = wanted === "read" ? undefined : await waitForNote(context, task);
  if (note === undefined) throw nothingToShow(task);
  const end = await joinTask(context, task, note, onKilled);
  if (end.by === "user") return { exitCode: end.exitCode, ended: undefined };
  // Its work is being committed, and its end recorded.
  return { exitCode: 0, ended: await waitAtMost(context, task, RECORD_TIMEOUT_MS) };
}

/** Waits until a task that has just been started can be joined. @returns undefined if it cannot */
async function waitForNote({ config, store }: AppContext, task: TaskRecord): Promise<JoinNote | undefined> {
  const paths = taskPaths(config.home, task.task_id);
  const { promise, resolve } = Promise.withResolvers<JoinNote | undefined>();
  const check = () => {
    const note = readJoinNote(paths, task);
    const now = findTask(store, task.task_id)?.record;
    if (note !== undefined) resolve(note);
    else if (now?.run !== task.run || now.status !== "running" || !mayBeJoined(now)) resolve(undefined);
  };
  const watch = watchFolder(paths.live, () => true, check);
  const timer = setTimeout(() => resolve(undefined), THREAD_TIMEOUT_MS);
  check();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    watch.close();
  }
}

async function findEnd(context: AppContext, { task_id, run }: TaskRecord): Promise<EndedTask | undefined> {
  const stored = findTask(context.store, task_id);
  if (stored === undefined || stored.record.run !== run) return undefined;
  const now = await reconcile(context, stored);
  return isEnded(now) ? now : undefined;
}

function ended({ task_id, status }: EndedTask): AppError {
  return new AppError(
    "invalid_argument",
    `${task_id} cannot be attached to: it has ended (${status}).`,
    `Run \`codex-mcp-server show ${task_id}\` for its result, or \`codex-mcp-server resume ${task_id} <prompt>\` to continue its session.`,
  );
}

function nothingToShow(task: TaskRecord): AppError {
  const { task_id, tmux_session } = task;
  const session = tmux_session === undefined ? "it runs without tmux" : "its tmux session was closed";
  const joining = whyNotJoined(task);
  const because = joining === undefined ? session : `${session}, and ${joining}`;
  return new AppError(
    "invalid_argument",
    `${task_id} cannot be attached to: ${because}.`,
    `Run \`codex-mcp-server logs -f ${task_id}\` instead.`,
  );
}

/** Returns the reason why a task cannot be joined in Codex's own interface; undefined if it can. */
function whyNotJoined({ status, engine, pipes, readonly_fallback }: TaskRecord): string | undefined {
  if (status === "queued") return "it is queued";
  if (engine === undefined) return "it runs with codex exec";
  if (pipes === undefined) return undefined;
  return readonly_fallback === true ? "it runs under the read-only fallback" : "its app-server has no socket";
}

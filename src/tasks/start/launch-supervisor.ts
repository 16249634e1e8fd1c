import { taskEnvironment } from "#codex/process.ts";
import { secretVariables } from "#base/config.ts";
import { AppError } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";
import { selfCommand } from "#platform/self-command.ts";
import { startDetached } from "#platform/start/start-detached.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { taskPaths, WAKE_FILE } from "#store/store-paths.ts";
import { removeHandover, writeHandover } from "#store/tasks/task-folder.ts";
import type { QueuedTask, TaskRecord } from "#domain/record.ts";
import { startSession, tmuxServerOf } from "#tmux/tmux.ts";
import type { AppContext } from "#tasks/context.ts";

/** Time in which a supervisor must report, in milliseconds. It normally takes about ten. */
const START_TIMEOUT_MS = 20_000;

/** Supervisor that was started. */
export interface Supervisor {
  /** Resolves when the supervisor has ended; never if tmux started it. */
  ended: Promise<void>;
}

/** Starts a task's supervisor: in a tmux session if the task changes files, otherwise as a detached process. */
export async function launchSupervisor(context: AppContext, task: TaskRecord): Promise<Supervisor> {
  const { config } = context;
  if (task.tmux_session === undefined) return { ended: startDetachedSupervisor(context, task) };
  const paths = taskPaths(config.home, task.task_id);
  // A tmux server gives a session the environment with which the tmux server was started, not ours.
  writeHandover(paths, supervisorEnvironment(context));
  await startSession(tmuxServerOf(config, task), task.tmux_session, task.run_dir, supervisorCommand(context, task));
  return { ended: new Promise(() => {}) };
}

/** Starts a supervisor without a tmux session: for read-only tasks, and for runs whose supervisor died. */
export function startDetachedSupervisor(context: AppContext, task: TaskRecord): Promise<void> {
  return startDetached(supervisorCommand(context, task), supervisorEnvironment(context));
}

function supervisorEnvironment({ config }: AppContext): Record<string, string> {
  return { ...taskEnvironment(config.environment), ...secretVariables(config) };
}

function supervisorCommand({ config }: AppContext, task: TaskRecord): string[] {
  const program = selfCommand();
  const missing = program.find((word) => !pathExists(word));
  if (missing !== undefined) throw programMoved(missing);
  return [...program, "run-task", task.task_id, "--home", config.home, "--run", String(task.run)];
}

function programMoved(path: string): AppError {
  return new AppError(
    "program_moved",
    `This server's program ${path} was moved, replaced or deleted after the server was started.`,
    "Restart the MCP client, which then starts the installed program; `codex-mcp-server doctor` shows what clients start.",
  );
}

/**
 * Waits until the supervisor owns the task: it is running, waiting in the queue, or has ended.
 * @throws AppError `start_failed` if the supervisor does not start
 */
export async function waitForStart(context: AppContext, task: QueuedTask, supervisor: Supervisor): Promise<TaskRecord> {
  const paths = taskPaths(context.config.home, task.task_id);
  const { promise: timeout, resolve: expire } = Promise.withResolvers<void>();
  const { promise: owned, resolve: take } = Promise.withResolvers<void>();
  const check = () => {
    if (isTakenOver(findTask(context.store, task.task_id)?.record, task)) take();
  };
  const watch = watchFolder(paths.live, (name) => name === WAKE_FILE, check);
  const timer = setTimeout(expire, START_TIMEOUT_MS);
  check();
  await Promise.race([owned, supervisor.ended, timeout]);
  clearTimeout(timer);
  watch.close();
  removeHandover(paths);
  const record = findTask(context.store, task.task_id)?.record;
  if (record !== undefined && isTakenOver(record, task)) return record;
  throw new AppError(
    "start_failed",
    "The task's supervisor did not start.",
    "Run the task again; if it fails again, start the server with CODEXMCP_LOG_LEVEL=debug and read its stderr.",
  );
}

/** Checks whether a supervisor owns a run, or a later run has started. */
function isTakenOver(record: TaskRecord | undefined, { run }: QueuedTask): boolean {
  if (record === undefined) return false;
  return record.run !== run || record.status !== "queued" || record.waiting_since !== undefined;
}

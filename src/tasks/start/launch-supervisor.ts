import { taskEnvironment } from "#codex/environment.ts";
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

/** How long a supervisor may take to report; it takes some ten milliseconds where nothing is wrong. */
const START_MS = 20_000;

/** A supervisor that was started. */
export interface Supervisor {
  /** Resolves when it has ended; never, where tmux started it. */
  ended: Promise<void>;
}

/** Starts a task's supervisor: in a tmux session for full-access, as a detached process otherwise. */
export async function launchSupervisor(context: AppContext, task: TaskRecord): Promise<Supervisor> {
  const { config } = context;
  if (task.tmux_session === undefined) return { ended: startDetachedSupervisor(context, task) };
  const paths = taskPaths(config.home, task.task_id);
  // A tmux server gives a session the environment that it was itself started with, not ours.
  writeHandover(paths, taskEnvironment(config.environment));
  await startSession(tmuxServerOf(config), task.tmux_session, task.run_dir, supervisorCommand(context, task));
  return { ended: new Promise(() => {}) };
}

/** Starts a supervisor that nobody sees: for read-only tasks, and for runs that have lost theirs. */
export function startDetachedSupervisor(context: AppContext, task: TaskRecord): Promise<void> {
  return startDetached(supervisorCommand(context, task), taskEnvironment(context.config.environment));
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
    `This server's program ${path} is gone: it was moved, replaced or deleted since the server was started.`,
    "Restart the MCP client, so that it starts the program that is installed now; codex-mcp-server doctor says what clients start.",
  );
}

/**
 * Waits until the supervisor has taken the task over: it runs it, or waits in the queue with it, or has ended it.
 * @throws AppError `start_failed` where it does not
 */
export async function waitForStart(context: AppContext, task: QueuedTask, supervisor: Supervisor): Promise<TaskRecord> {
  const paths = taskPaths(context.config.home, task.task_id);
  const { promise: timeout, resolve: giveUp } = Promise.withResolvers<void>();
  const { promise: takenOver, resolve: take } = Promise.withResolvers<void>();
  const look = () => {
    if (isTakenOver(findTask(context.store, task.task_id)?.record, task)) take();
  };
  const watch = watchFolder(paths.live, (name) => name === WAKE_FILE, look);
  const timer = setTimeout(giveUp, START_MS);
  look();
  await Promise.race([takenOver, supervisor.ended, timeout]);
  clearTimeout(timer);
  watch.close();
  removeHandover(paths);
  const record = findTask(context.store, task.task_id)?.record;
  if (record !== undefined && isTakenOver(record, task)) return record;
  throw new AppError(
    "start_failed",
    "The task's supervisor did not start.",
    "Run the task again; if it fails again, start the server with CODEXMCP_LOG_LEVEL=debug and look at its stderr.",
  );
}

/** Whether a run has left its starter; one that another has followed has. */
function isTakenOver(record: TaskRecord | undefined, { run }: QueuedTask): boolean {
  if (record === undefined) return false;
  return record.run !== run || record.status !== "queued" || record.waiting_since !== undefined;
}

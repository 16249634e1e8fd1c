import { existsSync } from "node:fs";
import { locateCodex } from "#codex/locate.ts";
import { logger } from "#base/log.ts";
import { selfCommand } from "#platform/self-command.ts";
import { mayBeJoined, type RunningTask } from "#domain/record.ts";
import { writeJoinNote } from "#store/tasks/join-note.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";
import { openWindowOnAttach } from "#tmux/pane-window.ts";
import { tmuxServerOf } from "#tmux/tmux.ts";

/**
 * Lets people join a run in Codex's own interface, as soon as its thread is open: with `attach`, and by attaching to its tmux session. The
 * interface is a program of its own, started only then. A failure changes nothing: the session shows the log.
 */
export async function offerJoining({ config }: AppContext, task: RunningTask, thread: string): Promise<void> {
  const { task_id, run, tmux_session: session } = task;
  const paths = taskPaths(config.home, task_id);
  if (config.pane !== "tui" || !mayBeJoined(task) || !existsSync(paths.appServer)) return;
  try {
    const { path: program } = locateCodex(config);
    writeJoinNote(paths, { run, thread });
    if (session === undefined) return;
    // tmux gives a window neither this environment nor this configuration.
    const options = { home: config.home, run: String(run), codex: program, "codex-home": config.codexHome };
    const words = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    const command = [...selfCommand(), "join-task", task_id, ...words];
    await openWindowOnAttach(tmuxServerOf(config, task), session, command);
  } catch (error) {
    logger("tasks").warn`${task_id} cannot be joined in Codex's own interface: ${String(error)}`;
  }
}

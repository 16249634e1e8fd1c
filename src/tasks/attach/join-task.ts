import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { locateCodex } from "#codex/locate.ts";
import { startTui, type Tui } from "#codex/tui/start-tui.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import { saveTerminal } from "#platform/terminal.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { type JoinNote, openJoinFolder } from "#store/tasks/join-note.ts";
import { taskPaths, type TaskPaths, WAKE_FILE } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";

/** Reason why a terminal no longer shows a task in Codex's own interface: its user left it, or the run ended. */
export type JoinEnd = { by: "user"; exitCode: number } | { by: "run" };

/**
 * Shows a running task in Codex's own interface on this terminal, until the user leaves it or the run ends.
 * @param context its configuration says which Codex shows it, and whose settings it has
 * @param onKilled called when the interface was ended with the run, and has left the terminal as it was
 */
export async function joinTask(
  context: AppContext,
  task: TaskRecord,
  note: JoinNote,
  onKilled: () => void,
): Promise<JoinEnd> {
  const { config } = context;
  const paths = taskPaths(config.home, task.task_id);
  const own = openJoinFolder(paths);
  const restoreTerminal = saveTerminal();
  const run = watchEnd(context, task, paths);
  let stopRelaying: (() => void) | undefined;
  try {
    const tui = startTui({
      program: locateCodex(config).path,
      thread: note.thread,
      socket: paths.appServer,
      folder: existsSync(task.run_dir) ? task.run_dir : "/",
      home: join(own.path, "codex-home"),
      userHome: config.codexHome,
    });
    stopRelaying = relaySignals(tui);
    const exitCode = await Promise.race([tui.exited, run.ended]);
    if (exitCode !== undefined) return { by: "user", exitCode };
    await tui.end();
    restoreTerminal();
    onKilled();
    return { by: "run" };
  } finally {
    stopRelaying?.();
    run.close();
    own.close();
  }
}

/** Passes signals that end this process on to the interface. @returns a function that stops this */
function relaySignals(tui: Tui): () => void {
  const relays = {
    // Ctrl-C is a key of the interface.
    SIGINT: () => {},
    SIGHUP: () => tui.signal("SIGHUP"),
    SIGTERM: () => tui.signal("SIGTERM"),
  };
  for (const [signal, relay] of Object.entries(relays)) process.on(signal, relay);
  return () => {
    for (const [signal, relay] of Object.entries(relays)) process.off(signal, relay);
  };
}

/** Watches for the end of a run: it is recorded, or the supervisor has removed the socket of the app-server. */
function watchEnd(
  { store }: AppContext,
  { task_id, run }: TaskRecord,
  { live, appServer }: TaskPaths,
): { ended: Promise<undefined>; close: () => void } {
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  const check = () => {
    const record = findTask(store, task_id)?.record;
    if (record === undefined || record.run !== run || isEnded(record) || !existsSync(appServer)) resolve(undefined);
  };
  const watch = watchFolder(live, (name) => name === basename(appServer) || name === WAKE_FILE, check);
  check();
  return { ended, close: () => watch.close() };
}

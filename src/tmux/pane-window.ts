import { logger } from "#base/log.ts";
import { runTmux, type TmuxServer } from "./tmux.ts";

/** Name of the second window of a task's session. */
const WINDOW = "codex";
/** tmux's format for whether the window is open: closing one that is not would show an error. */
const HAS_WINDOW = `#{m:* ${WINDOW} *,#{W: #{window_name} }}`;
/** Occurs also when a client of the same tmux server switches to the session, as `client-attached` does not. */
const OPENING_HOOK = "client-session-changed";

/**
 * Lets a session open a second window with a program when a client attaches that is not read-only, and close it when the last client has
 * gone. The first window no longer takes keys: without the second one, they would reach the supervisor.
 * @returns whether tmux has accepted it; tmux before 3.2 does not
 */
export async function openWindowOnAttach(
  server: TmuxServer,
  session: string,
  command: readonly string[],
): Promise<boolean> {
  const target = quote(`=${session}:`);
  // With several words, tmux starts the program without a shell, and expands no formats in them.
  const open = `new-window -S -n ${WINDOW} -t ${target} -- ${command.map(quote).join(" ")}`;
  const close = `kill-window -t ${quote(`=${session}:=${WINDOW}`)}`;
  // Commands in braces are parsed, but not expanded, by `if-shell`.
  const hooks = {
    [OPENING_HOOK]: `if-shell -F -t ${target} '#{&&:#{session_attached},#{!=:#{client_readonly},1}}' { ${open} }`,
    "client-detached": `if-shell -F -t ${target} '#{&&:${HAS_WINDOW},#{==:#{session_attached},0}}' { ${close} }`,
  };
  const set = Object.entries(hooks).flatMap(([name, does]) => ["set-hook", "-t", `=${session}:`, name, does, ";"]);
  const refuseKeys = ["select-pane", "-d", "-t", `=${session}:^`, ";"];
  // A client may have attached before.
  const openNow = ["set-hook", "-R", "-t", `=${session}:`, OPENING_HOOK];
  const { exitCode, stderr } = await runTmux(server, [...set, ...refuseKeys, ...openNow], "/");
  if (exitCode !== 0) logger("tmux").debug`the session ${session} cannot open a window on attach: ${stderr}`;
  return exitCode === 0;
}

/** Lets the first window of a session take keys, or not. */
export async function setKeys(server: TmuxServer, session: string, isTaken: boolean): Promise<void> {
  await runTmux(server, ["select-pane", isTaken ? "-e" : "-d", "-t", `=${session}:^`], "/");
}

/** Time for which a notice is shown, in milliseconds. */
const NOTICE_MS = 8000;

/** Shows a text in the status line of the clients of a session. The text may contain no tmux formats. */
export async function showNotice(server: TmuxServer, session: string, text: string): Promise<void> {
  await runTmux(server, ["display-message", "-d", String(NOTICE_MS), "-t", `=${session}:`, text], "/");
}

/** Quotes a word for tmux's own command parser. */
function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

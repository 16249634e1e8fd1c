import type { VisibleStatus } from "#domain/record.ts";
import { isErrorTerminal, printErrorText } from "./output.ts";
import { compose, type Control, control, type Text } from "./style.ts";

/** Notifies the person at the terminal that a task has ended, or waits for an answer. Without a terminal, does nothing. */
export function notifyPerson(task: { task_id: string; status: VisibleStatus }): void {
  if (isErrorTerminal()) printErrorText(formatNotification(task, process.env));
}

/** Returns a notification of the desktop (OSC 9 or 777) for a terminal that is known to show it, for others the bell. */
export function formatNotification(
  { task_id, status }: { task_id: string; status: VisibleStatus },
  environment: Record<string, string | undefined>,
): Text {
  const begin = notificationOf(environment);
  return begin === undefined ? control("bell") : compose`${control(begin)}${task_id}: ${status}${control("bell")}`;
}

/** Values of TERM_PROGRAM of terminals that show OSC 9. */
const NOTIFYING_TERMINALS = new Set(["iTerm.app", "WezTerm", "ghostty"]);

function notificationOf(environment: Record<string, string | undefined>): Control | undefined {
  const { TERM_PROGRAM = "", TERM = "", TMUX, KONSOLE_VERSION } = environment;
  // tmux and screen do not pass it on.
  if (TMUX !== undefined || TERM.startsWith("screen")) return undefined;
  const isKnown = NOTIFYING_TERMINALS.has(TERM_PROGRAM) || TERM === "xterm-kitty" || /^foot\b/.test(TERM);
  if (isKnown) return "begin notification";
  return KONSOLE_VERSION === undefined ? undefined : "begin titled notification";
}

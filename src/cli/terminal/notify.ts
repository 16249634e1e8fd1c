import type { VisibleStatus } from "#domain/record.ts";
import { isErrorTerminal, printErrorText } from "./output.ts";
import { compose, control, type Text } from "./style.ts";

/** Notifies the person at the terminal that a task has ended, or waits for an answer. Without a terminal, does nothing. */
export function notifyPerson(task: { task_id: string; status: VisibleStatus }): void {
  if (isErrorTerminal()) printErrorText(formatNotification(task, process.env));
}

/** Returns a notification of the desktop (OSC 9) for a terminal that is known to show it, for others the bell. */
export function formatNotification(
  { task_id, status }: { task_id: string; status: VisibleStatus },
  environment: Record<string, string | undefined>,
): Text {
  if (!showsNotifications(environment)) return control("bell");
  return compose`${control("begin notification")}${task_id}: ${status}${control("bell")}`;
}

/** Values of TERM_PROGRAM of terminals that show OSC 9. */
const NOTIFYING_TERMINALS = new Set(["iTerm.app", "WezTerm", "ghostty"]);

function showsNotifications({ TERM_PROGRAM, TERM, TMUX }: Record<string, string | undefined>): boolean {
  // tmux and screen do not pass it on.
  if (TMUX !== undefined || TERM?.startsWith("screen") === true) return false;
  return NOTIFYING_TERMINALS.has(TERM_PROGRAM ?? "") || TERM === "xterm-kitty";
}

import { formatPlural, shorten } from "#base/text.ts";
import { makeVisible } from "#base/visible-text.ts";

/** Maximum number of times that a check can be run for one task. */
export const MAX_CHECK_ATTEMPTS = 10;

/** Check of a task's work, as it was requested. */
export interface CheckRequest {
  /** Shell command that this server runs after Codex's turn; exit status 0 means passed. */
  command: string;
  /** Number of times that it may be run: after each failure but the last, Codex gets its output in a further turn. */
  attempts: number;
}

/** Outcome of the check of a task's work: what this server saw itself. */
export interface CheckOutcome {
  command: string;
  passed: boolean;
  /** Exit status; absent if a signal or a limit ended the command. */
  exit_code?: number;
  /** Number of times that it was run. */
  attempts: number;
  /** Time of the last attempt in seconds. */
  seconds: number;
  /** End of the output of the last attempt. */
  output_tail: string;
  /** File with the output of the last attempt, up to a limit. */
  output_file: string;
  /** Commit whose files were checked; absent if some of them were not committed. */
  commit?: string;
  /** Reason why the command ended without an exit status. */
  why?: string;
}

/** Check of a task that has not ended. */
export type CheckProgress = Partial<CheckOutcome> & {
  command: string;
  /** Number of times that it has been run to its end. */
  attempts: number;
  is_running: boolean;
};

/** Last check of a run, as its supervisor records it before anything else follows. */
export interface CheckState {
  /** Number of the run. */
  run: number;
  /** Number of completed turns of the run at that time. */
  turns: number;
  /** Number of further turns that failed checks have led to, including the one that follows. */
  repairs: number;
  /** Whether a further turn follows, because the check has failed and may be run again. */
  continues: boolean;
  outcome: CheckOutcome;
  /** Reason why the work that was checked is not committed. */
  commit_error?: string;
}

/** Returns whether the work after a run's last completed turn was checked for the last time. */
export function isFinalCheck(state: CheckState | undefined, completedTurns: number): state is CheckState {
  return state?.turns === completedTurns && !state.continues;
}

/** Longest command in a message, in characters. */
const MAX_SHOWN_COMMAND = 200;

/** Describes how a check failed, without its output: `The check `npm test` failed with exit status 1`. */
export function describeFailedCheck(check: CheckOutcome): string {
  return `The check ${nameCheck(check.command)} ${describeFailedEnd(check)}`;
}

/** Describes as a predicate how a command ended that did not exit with status 0. */
export function describeFailedEnd({ exit_code, why }: Pick<CheckOutcome, "exit_code" | "why">): string {
  return exit_code === undefined ? `failed: ${why ?? "its end is unknown"}` : `failed with exit status ${exit_code}`;
}

/** Describes a check in a few words, for a line that begins with its command. */
export function summarizeCheck(check: CheckProgress | CheckOutcome): string {
  const { passed, attempts } = check;
  if ("is_running" in check && check.is_running) return `running, attempt ${attempts + 1}`;
  return `${passed === true ? "passed" : describeFailedEnd(check)}, ${formatPlural(attempts, "attempt")}`;
}

/** Returns the command of a check as it appears in a sentence. */
export function nameCheck(command: string): string {
  return `\`${shorten(makeVisible(command), MAX_SHOWN_COMMAND)}\``;
}

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

import type { ErrorCode, Failure } from "#base/errors.ts";
import type { RunState } from "./run-state.ts";

/** Evidence about a Codex process that did not succeed. */
export interface FailureEvidence {
  state: RunState;
  /** End of Codex's stderr. */
  stderr: string;
  /** Exit code; undefined if a signal ended the process or its end was not observed. */
  exitCode: number | undefined;
  signal: string | undefined;
}

interface Pattern {
  code: ErrorCode;
  matches: RegExp;
  hint: string;
}

/** Patterns of known failures, searched in this order in Codex's last messages and then in its stderr. */
const PATTERNS: readonly Pattern[] = [
  {
    code: "unknown_session",
    matches: /no rollout found for thread id/i,
    hint: "Resume an earlier task of the same CODEX_HOME, or start a new session.",
  },
  {
    code: "session_busy",
    matches: /already has an active writer/i,
    hint: "Wait for the other run of this session to end (codex_status lists running tasks), or start a new session.",
  },
  {
    code: "rate_limited",
    matches:
      /\b(?:hit|reached|exceeded) (?:your|the)(?: \w+){0,3} usage limit|\busage limit (?:has been |was )?(?:hit|reached|exceeded)|\brate limit (?:reached|exceeded)|rate_limit_exceeded|usage_limit_reached|too many requests|please try again in \d|\bstatus:? 429\b|exceeded your current quota|insufficient_quota|\bhit your spend cap\b|\bworkspace is out of credits\b|\bto use codex with your chatgpt plan\b|\bquota exceeded\b.*\b(?:plan|billing|metric|requests)\b/i,
    hint: "Wait, or use another account or model.",
  },
  {
    code: "not_logged_in",
    matches:
      /\bstatus:? 401\b|\b401 unauthorized|\bunauthorized: |not logged in|missing environment variable|(?:invalid|incorrect) api key|\brefresh token (?:has|was|is|expired)\b|failed to refresh token|(?:has no|missing a) refresh token/i,
    hint: "Run `codex login` as the user that runs this server, or set the provider's key in the server's environment.",
  },
  {
    code: "network",
    matches:
      /stream closed before|error sending request|waiting for network|connection (refused|reset)|dns error|network is unreachable/i,
    hint: "Check the network and the proxy variables in this server's environment, then call codex with resume to continue the task.",
  },
  {
    code: "codex_incompatible",
    matches: /unexpected argument|invalid value .* for '--|unrecognized subcommand/i,
    hint: "Update the Codex CLI (npm install -g @openai/codex@latest), or set CODEXMCP_CODEX_BIN to a newer one.",
  },
];

/** Returns whether a message of Codex says that a limit of the account or of the model's provider is reached. */
export function isRateLimit(message: string): boolean {
  return PATTERNS.find(({ matches }) => matches.test(message))?.code === "rate_limited";
}

/** Determines why a run did not succeed from its events, stderr and exit; never reports success and never guesses. */
export function classifyFailure(evidence: FailureEvidence): Failure {
  const { state, exitCode, signal } = evidence;
  if (signal !== undefined) return killedBy(signal);
  const reported = findReportedError(evidence);
  const pattern = PATTERNS.find((candidate) => candidate.matches.test(reported));
  if (pattern !== undefined) {
    return { code: pattern.code, message: reported, hint: withRetryTime(pattern.hint, reported) };
  }
  if (state.terminal === undefined && exitCode === 0) {
    return {
      code: "no_terminal_event",
      message: "Codex exited with status 0 but did not report that its turn was completed.",
      hint: "Read the end of codex-exec.log in the task's folder, then call codex with resume to continue the task.",
    };
  }
  return {
    code: "codex_failed",
    message:
      reported ||
      `Codex exited with ${exitCode === undefined ? "an unknown status" : `status ${exitCode}`} and reported no error.`,
    hint: "Read codex-exec.log and codex-stderr.log in the task's folder.",
  };
}

function killedBy(signal: string): Failure {
  const isMemory = signal === "SIGKILL" ? " The system may have run out of memory." : "";
  return {
    code: "killed_by_signal",
    message: `Codex was ended by ${signal}, which this server did not send.${isMemory}`,
    hint: "Call codex with resume to continue the task.",
  };
}

/** Returns the error that Codex reported in its events or on stderr; empty if there is none. */
function findReportedError({ state, stderr }: FailureEvidence): string {
  if (state.terminal?.kind === "failed" && state.terminal.message !== "") return state.terminal.message;
  const errorLine = stderr.split("\n").find((line) => /^error\b/i.test(line.trim()));
  if (errorLine !== undefined) return errorLine.trim().replace(/^error:\s*/i, "");
  return state.lastError ?? "";
}

function withRetryTime(hint: string, message: string): string {
  const [retry] = /try again (?:in|at) [^.]*(?:\.\d+[^.]*)?/i.exec(message) ?? [];
  return retry === undefined ? hint : `${hint} Codex says: ${retry}.`;
}

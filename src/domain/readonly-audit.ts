/** Result of the read-only fallback's audit of a run. Names are those of the answer. */
export interface ReadonlyAudit {
  mode: "fallback";
  verdict: Verdict;
  violations_detected: number;
  /** Violations; the first {@link MAX_LISTED_VIOLATIONS}. */
  violations: Violation[];
  /** Mechanism that kept the run from writing: the kernel, or only the instructions. */
  enforcement: Enforcement;
  evidence: AuditEvidence;
}

/**
 * Verdict of an audit. `CLEAN`: the run provably changed nothing. `VIOLATION`: the run wrote something or tried to. `UNVERIFIED`: no
 * violation was found, but something could not be assessed.
 */
export type Verdict = (typeof VERDICTS)[number];

/** Verdicts, best first. */
export const VERDICTS = ["CLEAN", "UNVERIFIED", "VIOLATION"] as const;

/** Whether a write happened: true if seen or certain, false if certainly refused, otherwise unknown. */
export type Effect = boolean | "unknown";

/** Mechanism that enforces that a run only reads. */
export type Enforcement = "landlock" | "none";

/** Action that is forbidden in a read-only run. */
export type Violation =
  | {
      kind: "command";
      /** Command that Codex ran, without the shell around it. */
      command: string;
      /** Descriptions of the parts of the command that write. */
      why: string[];
      /** Whether the action had its intended effect or was prevented. */
      took_effect: Effect;
    }
  | { kind: "file_change"; path: string; change: string; took_effect: Effect }
  | { kind: "workspace" | "log" | "codex_home"; path: string; change: string; took_effect: true };

/** Evidence that the verdict is based on. */
export interface AuditEvidence {
  /** Commands whose effect cannot be determined from their text; the first {@link MAX_LISTED_VIOLATIONS}. */
  unknown_commands: string[];
  commands_judged: number;
  /** Other log entries that cannot be assessed: tools of MCP servers, items of a newer Codex, torn lines. */
  unknown_events?: string[];
  /** Comparison of the workspace; absent if it could not be examined before or after the run; `notes` gives the reason. */
  workspace?: {
    /** Root folder: the repository's, or `cwd`. */
    path: string;
    entries: number;
    /** Time taken to examine it before and after the run. */
    milliseconds: number;
    not_covered: string[];
  };
  /** Version of the Landlock interface that the kernel offered. */
  landlock_abi?: number;
  /** Whether system calls that Landlock does not check were filtered. */
  seccomp?: boolean;
  /** Whether the run had no capabilities except those for reading. */
  capabilities_dropped?: boolean;
  notes: string[];
}

/** Maximum length of the lists in an audit; `violations_detected` is the full number. */
export const MAX_LISTED_VIOLATIONS = 100;

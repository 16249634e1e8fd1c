/** What the read-only fallback has found out about a run. Names are those of the answer. */
export interface ReadonlyAudit {
  mode: "fallback";
  verdict: Verdict;
  violations_detected: number;
  /** The first {@link MAX_LISTED_VIOLATIONS}. */
  violations: Violation[];
  /** What kept the run from writing: the kernel, or nothing but the instructions. */
  enforcement: Enforcement;
  evidence: AuditEvidence;
}

/**
 * `CLEAN`: proven to have changed nothing. `VIOLATION`: something was written, or was to be. `UNVERIFIED`: nothing was seen,
 * but something could not be judged.
 */
export type Verdict = (typeof VERDICTS)[number];

/** The verdicts, the best first. */
export const VERDICTS = ["CLEAN", "UNVERIFIED", "VIOLATION"] as const;

/** Whether a write happened: seen or certain, refused for certain, or neither. */
export type Effect = boolean | "unknown";

/** Who enforces that a run only reads. */
export type Enforcement = "landlock" | "none";

/** Something that a read-only run must not do. */
export type Violation =
  | {
      kind: "command";
      /** As Codex ran it, without the shell around it. */
      command: string;
      /** What of it writes, in words. */
      why: string[];
      /** Whether it did what it was to do, or was kept from it. */
      took_effect: Effect;
    }
  | { kind: "file_change"; path: string; change: string; took_effect: Effect }
  | { kind: "workspace" | "log" | "codex_home"; path: string; change: string; took_effect: true };

/** What the verdict rests on. */
export interface AuditEvidence {
  /** Commands whose effect cannot be known from their text; the first {@link MAX_LISTED_VIOLATIONS}. */
  unknown_commands: string[];
  commands_judged: number;
  /** What else the log tells of and nobody can judge: tools of MCP servers, items of a newer Codex, torn lines. */
  unknown_events?: string[];
  /** Absent where the workspace could not be looked at before or after; `notes` says why. */
  workspace?: {
    /** Its top: the repository's, or `cwd`. */
    path: string;
    entries: number;
    /** What the looks before and after have cost. */
    milliseconds: number;
    not_covered: string[];
  };
  /** The interface of Landlock that the kernel offered. */
  landlock_abi?: number;
  /** Whether system calls that Landlock does not look at were filtered. */
  seccomp?: boolean;
  /** Whether the run had no capabilities but those for reading. */
  capabilities_dropped?: boolean;
  notes: string[];
}

/** Lists in an audit are cut here; `violations_detected` has the whole number. */
export const MAX_LISTED_VIOLATIONS = 100;

import { closeSync, openSync } from "node:fs";
import { identifyProcess, isProcessAlive, type ProcessIdentity } from "#platform/process/identity.ts";
import { startContained } from "#platform/start/start-detached.ts";

/** End of a process; both fields are undefined if nobody observed it. */
export interface ProcessEnd {
  exitCode: number | undefined;
  signal: string | undefined;
}

/** End of a process that had no parent to report it. */
export const UNKNOWN_END: ProcessEnd = { exitCode: undefined, signal: undefined };

/** Codex process, started by this or another supervisor. */
export interface CodexProcess {
  identity: ProcessIdentity;
  ended: Promise<ProcessEnd>;
}

/** Parameters for starting a Codex process. */
export interface CodexStart {
  program: string;
  args: readonly string[];
  folder: string;
  environment: Record<string, string>;
  /** File given on standard input. */
  promptFile: string;
  /** File that standard output and error are appended to. */
  logFile: string;
  stderrFile: string;
  /** File that is locked while Codex lives: Codex inherits the open file, which the kernel closes when it ends. */
  lockFile: string;
  /** Control group for the process, if available. */
  cgroup: string | undefined;
}

/** Interval for polling an adopted process, in milliseconds: it is not our child, so the system does not report its end. */
const ADOPTED_POLL_MS = 200;

/**
 * Starts Codex in its own session, with its output going directly to files: it outlives this process and the terminal, and output written
 * after that is not lost.
 */
export function startCodex(start: CodexStart): CodexProcess {
  const files = [
    openSync(start.promptFile, "r"),
    openSync(start.logFile, "a", 0o600),
    openSync(start.stderrFile, "a", 0o600),
  ] as const;
  try {
    const { program, args, folder, environment, cgroup, lockFile } = start;
    const child = startContained({
      command: [program, ...args],
      folder,
      environment,
      stdio: files,
      cgroup,
      lockFile,
    });
    // A process that ended immediately can no longer be identified; its end is reported anyway.
    const identity = identifyProcess(child.pid) ?? { pid: child.pid, start: "ended" };
    const ended = child.exited.then(() => ({
      exitCode: child.signalCode === null ? (child.exitCode ?? undefined) : undefined,
      signal: child.signalCode === null ? undefined : String(child.signalCode),
    }));
    return { identity, ended };
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** Watches a Codex process that another supervisor started. Its exit code cannot be determined. */
export function adoptCodex(identity: ProcessIdentity): CodexProcess {
  const watch = async (): Promise<ProcessEnd> => {
    while (isProcessAlive(identity)) await Bun.sleep(ADOPTED_POLL_MS);
    return UNKNOWN_END;
  };
  return { identity, ended: watch() };
}

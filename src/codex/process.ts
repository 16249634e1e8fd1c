import { closeSync, openSync } from "node:fs";
import { identifyProcess, isProcessAlive, type ProcessIdentity } from "#platform/process/identity.ts";
import { startContained } from "#platform/start/start-contained.ts";

/** How a process ended; both undefined where nobody saw it. */
export interface ProcessEnd {
  exitCode: number | undefined;
  signal: string | undefined;
}

/** The end of a process that was nobody's child by then. */
export const UNSEEN_END: ProcessEnd = { exitCode: undefined, signal: undefined };

/** A Codex process, whoever started it. */
export interface CodexProcess {
  identity: ProcessIdentity;
  ended: Promise<ProcessEnd>;
}

/** What a Codex process is started with. */
export interface CodexStart {
  program: string;
  args: readonly string[];
  folder: string;
  environment: Record<string, string>;
  /** Given on standard input. */
  promptFile: string;
  /** Where standard output and error go, appended. */
  logFile: string;
  stderrFile: string;
  /** Locked for as long as Codex lives: it inherits the open file, which the kernel closes at its end. */
  lockFile: string;
  /** A control group for it, where one can be had. */
  cgroup: string | undefined;
}

/** How often an adopted process is looked at: it is no child of ours, so nobody tells us of its end. */
const ADOPTED_POLL_MS = 200;

/**
 * Starts Codex in a session of its own, with its output straight into files: it outlives this
 * process and the terminal, and what it writes then is not lost.
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
    // One that ended at once can no longer be identified; its end is reported all the same.
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

/** Watches a Codex process that another supervisor started. How it ends is not to be learnt any more. */
export function adoptCodex(identity: ProcessIdentity): CodexProcess {
  const watch = async (): Promise<ProcessEnd> => {
    while (isProcessAlive(identity)) await Bun.sleep(ADOPTED_POLL_MS);
    return UNSEEN_END;
  };
  return { identity, ended: watch() };
}

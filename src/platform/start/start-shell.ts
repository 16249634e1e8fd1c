import { closeSync, openSync } from "node:fs";
import { identifyProcess, type ProcessIdentity } from "#platform/process/identity.ts";
import { startContained } from "./start-contained.ts";
import { IS_WINDOWS } from "#platform/system.ts";

/** Shell command configured by the user, with its working folder. */
export interface ShellStart {
  command: string;
  folder: string;
  environment: Record<string, string>;
  /** File that its output is appended to. */
  logFile: string;
  /** Control group for the command, if available. */
  cgroup: string | undefined;
  /** File that stays locked while the command runs. */
  lockFile: string;
}

/** Running shell command. */
export interface ShellProcess {
  identity: ProcessIdentity | undefined;
  /** Exit code; null if a signal ended it. */
  ended: Promise<number | null>;
}

/** Starts a shell command in its own session. */
export function startShell({ command, folder, environment, logFile, cgroup, lockFile }: ShellStart): ShellProcess {
  const log = openSync(logFile, "a", 0o600);
  try {
    const shell = IS_WINDOWS ? ["cmd", "/d", "/s", "/c", command] : ["/bin/sh", "-c", command];
    const stdio = ["ignore", log, log] as const;
    const child = startContained({ command: shell, folder, environment, stdio, cgroup, lockFile });
    const ended = child.exited.then(() => (child.signalCode === null ? child.exitCode : null));
    return { identity: identifyProcess(child.pid), ended };
  } finally {
    closeSync(log);
  }
}

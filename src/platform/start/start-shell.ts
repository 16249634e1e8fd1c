import { closeSync, openSync } from "node:fs";
import { identifyProcess, type ProcessIdentity } from "#platform/process/identity.ts";
import { startContained } from "./start-contained.ts";

/** A shell command that the user has configured, and where it runs. */
export interface ShellStart {
  command: string;
  folder: string;
  environment: Record<string, string>;
  /** What it says goes there, appended. */
  logFile: string;
  /** A control group for it, where one can be had. */
  cgroup: string | undefined;
  /** Locked for as long as it lives. */
  lockFile: string;
}

/** A shell command at work. */
export interface ShellProcess {
  identity: ProcessIdentity | undefined;
  /** Its exit code; null where a signal ended it. */
  ended: Promise<number | null>;
}

/** Starts such a command in a session of its own. */
export function startShell({ command, folder, environment, logFile, cgroup, lockFile }: ShellStart): ShellProcess {
  const log = openSync(logFile, "a", 0o600);
  try {
    const shell = process.platform === "win32" ? ["cmd", "/d", "/s", "/c", command] : ["/bin/sh", "-c", command];
    const stdio = ["ignore", log, log] as const;
    const child = startContained({ command: shell, folder, environment, stdio, cgroup, lockFile });
    const ended = child.exited.then(() => (child.signalCode === null ? child.exitCode : null));
    return { identity: identifyProcess(child.pid), ended };
  } finally {
    closeSync(log);
  }
}

import { closeSync, openSync } from "node:fs";
import { tryFlock } from "#platform/flock.ts";
import { joinCgroup } from "#platform/process/cgroup.ts";
import { identifyProcess, type ProcessIdentity } from "#platform/process/identity.ts";
import { selfCommand } from "#platform/self-command.ts";
import { IS_LINUX, IS_WINDOWS } from "#base/system.ts";

/** Program whose processes can all be found again. */
export interface ContainedStart {
  command: readonly string[];
  folder: string;
  environment: Record<string, string>;
  /** Standard input, output and error. */
  stdio: readonly [number | "ignore", number | "pipe", number | "pipe"];
  /** Control group for the program; without one, a helper process adopts its orphans. */
  cgroup: string | undefined;
  /** File that stays locked while the program, or a process that inherits the open file (descriptor 3), lives. */
  lockFile: string | undefined;
}

/** Starts a program in its own session, so that the processes it starts are found even after both its parents have died. */
export function startContained(start: ContainedStart): Bun.Subprocess {
  const { folder, environment, stdio, cgroup, lockFile } = start;
  const heldFile = lockFile === undefined ? undefined : tryFlock(lockFile) || undefined;
  const isKept = cgroup === undefined && IS_LINUX;
  const keeper = isKept ? keeperCommand(heldFile !== undefined) : [];
  try {
    const child = Bun.spawn([...keeper, ...start.command], {
      cwd: folder,
      env: { ...environment, PWD: folder },
      stdio: heldFile === undefined ? [...stdio] : [...stdio, heldFile],
      detached: true,
    });
    // Runs during the program's startup, which takes longer: it has not started anything yet.
    if (cgroup !== undefined) void joinCgroup(cgroup, child.pid);
    return child;
  } finally {
    // Our descriptor would keep it locked.
    if (heldFile !== undefined) closeSync(heldFile);
  }
}

function keeperCommand(hasHeldFile: boolean): string[] {
  return [...selfCommand(), "keep-orphans", ...(hasHeldFile ? ["--held-file"] : []), "--"];
}

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

/** Returns the program that interprets a shell command that the user has configured; no other text may become part of one. */
export function shellCommand(command: string): string[] {
  return IS_WINDOWS ? ["cmd", "/d", "/s", "/c", command] : ["/bin/sh", "-c", command];
}

/** Starts a shell command in its own session. */
export function startShell({ command, folder, environment, logFile, cgroup, lockFile }: ShellStart): ShellProcess {
  const log = openSync(logFile, "a", 0o600);
  try {
    const stdio = ["ignore", log, log] as const;
    const child = startContained({ command: shellCommand(command), folder, environment, stdio, cgroup, lockFile });
    const ended = child.exited.then(() => (child.signalCode === null ? child.exitCode : null));
    return { identity: identifyProcess(child.pid), ended };
  } finally {
    closeSync(log);
  }
}

/**
 * Starts a program that keeps running when this one ends: in its own session, without our terminal and pipes.
 * @returns promise that resolves when it has ended, if this process still exists
 */
export async function startDetached(command: readonly string[], environment: Record<string, string>): Promise<void> {
  const child = Bun.spawn([...command], {
    cwd: "/",
    env: environment,
    stdio: ["ignore", "ignore", "ignore"],
    detached: true,
  });
  child.unref();
  await child.exited;
}

import { IS_WINDOWS } from "#base/system.ts";

const HAS_GROUPS = !IS_WINDOWS;

/**
 * Sends a signal to all processes of a group.
 * @param pid of its leader, which is a child of ours
 */
export function endGroup(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(HAS_GROUPS ? -pid : pid, signal);
  } catch {
    // The group has already ended.
  }
}

/** Signals that end this process, unless another listener handles them. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const groups = new Set<number>();
let isListening = false;

/**
 * Starts a process that leads its own group. A signal that ends this process meanwhile is handled only after {@link withOwnedGroup} knows
 * the group, so that the group ends too.
 */
export function startOwned<T>(start: () => T): T {
  listen();
  try {
    return start();
  } catch (error) {
    stopListeningIfIdle();
    throw error;
  }
}

/**
 * Runs `work` while this process owns a group: the group ends with this process, since the terminal's signals do not reach it.
 * @param pid of the group's leader; undefined: the group outlives this process
 */
export async function withOwnedGroup<T>(pid: number | undefined, work: () => Promise<T>): Promise<T> {
  if (pid === undefined) return work();
  listen();
  groups.add(pid);
  try {
    return await work();
  } finally {
    groups.delete(pid);
    stopListeningIfIdle();
  }
}

function endAll(): void {
  for (const pid of groups) endGroup(pid);
}

function onSignal(signal: NodeJS.Signals): void {
  // Another listener decides about the signal.
  if (process.listenerCount(signal) > 1) return;
  endAll();
  stopListening();
  process.kill(process.pid, signal);
}

function listen(): void {
  if (isListening) return;
  isListening = true;
  process.on("exit", endAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function stopListeningIfIdle(): void {
  if (groups.size === 0) stopListening();
}

function stopListening(): void {
  isListening = false;
  process.off("exit", endAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/** Shell script that sets the limit in KiB and executes a program; if the limit cannot be set, the program runs without it. */
const LIMIT_SCRIPT = 'ulimit -S -d "$0" 2>/dev/null; exec "$@"';

/**
 * Returns a command that runs another one with a limit on the memory that each of its processes allocates. A shell sets it, which takes a
 * millisecond: setting it from outside by prlimit(2) after the start would be too late on a busy machine.
 */
export function limitMemory(command: readonly string[], maxBytes: number | undefined): string[] {
  if (maxBytes === undefined || !HAS_GROUPS) return [...command];
  return ["/bin/sh", "-c", LIMIT_SCRIPT, String(Math.floor(maxBytes / 1024)), ...command];
}

const HAS_GROUPS = process.platform !== "win32";

/** Sends all processes of a group a signal. @param pid of its leader, which is a child of ours */
export function endGroup(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(HAS_GROUPS ? -pid : pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** Whatever this process is asked to end by; its own handlers come first. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const groups = new Set<number>();
let isListening = false;

/**
 * Starts a process that leads a group of its own. A signal that ends this process in that moment is heard only after
 * {@link withOwnedGroup} knows the group, so that it ends too.
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
 * Waits for something while a group is this process's own: it ends with it, since the terminal's signals do not reach it.
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
  // Whoever else listens decides what the signal means.
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

/** `ulimit` takes the limit in KiB; where it cannot be set, the program runs without one. */
const LIMITED = 'ulimit -S -d "$0" 2>/dev/null; exec "$@"';

/**
 * Returns a command that runs another one with a limit on the memory that each of its processes allocates. A shell sets it,
 * which costs a millisecond: set from outside, by prlimit(2) after the start, it would come too late on a busy machine.
 */
export function limitMemory(command: readonly string[], maxBytes: number | undefined): string[] {
  if (maxBytes === undefined || !HAS_GROUPS) return [...command];
  return ["/bin/sh", "-c", LIMITED, String(Math.floor(maxBytes / 1024)), ...command];
}

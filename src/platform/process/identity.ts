import { isOwnSpace, ownSpace, type ProcessSpace } from "#platform/host.ts";
import { processSystem } from "./system.ts";

/**
 * Unique identity of a process visible from here: a pid alone is reused. `start` is the start time reported by the system, on Linux with
 * the id of the boot.
 */
export interface ProcessIdentity {
  pid: number;
  start: string;
}

/** Process identity recorded for readers that may be in another container or on another host. */
export interface ProcessAddress extends ProcessIdentity, ProcessSpace {}

/** Returns the identity of the process that has this pid now; undefined if there is none, or only a zombie. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const start = processSystem.readStart(pid);
  return start === undefined ? undefined : { pid, start };
}

/** Returns whether this exact process is still running. */
export function isProcessAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.start === identity.start;
}

/** Returns the identity of this process. */
export function ownIdentity(): ProcessIdentity {
  const own = identifyProcess(process.pid);
  if (own === undefined) throw new Error("this process is not in the process table");
  return own;
}

/** Returns the address of a local process. */
export function addressOf({ pid, start }: ProcessIdentity): ProcessAddress {
  return { pid, start, ...ownSpace() };
}

/** Returns the identity of a process if it is visible from here; undefined if it is in another container or on another host. */
export function visibleIdentity(address: ProcessAddress | undefined): ProcessIdentity | undefined {
  return address !== undefined && isOwnSpace(address) ? { pid: address.pid, start: address.start } : undefined;
}

/** Sends a signal to this exact process; returns false if it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isProcessAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}

/** Returns whether a process is stopped (SIGSTOP, Ctrl-Z, a debugger); false if unknown. */
export function isProcessStopped(identity: ProcessIdentity): boolean {
  return isProcessAlive(identity) && processSystem.isStopped(identity.pid);
}

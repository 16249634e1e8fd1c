import { bootId, isOwnSpace, ownSpace, type ProcessSpace } from "#platform/host.ts";
import { isRunning, readProcess } from "./linux.ts";
import { windowsProcessStart } from "./windows.ts";

/**
 * Which process, beyond doubt, of those that can be seen from here: a pid alone is given again to others.
 * `start` is the start time as the system tells it, on Linux with the boot it belongs to.
 */
export interface ProcessIdentity {
  pid: number;
  start: string;
}

/** A process as it is noted for others, who may be in another container or on another host. */
export interface ProcessAddress extends ProcessIdentity, ProcessSpace {}

/** Returns the identity of the process that has this pid now; undefined where none has, or only a zombie. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const start = startOf(pid);
  return start === undefined ? undefined : { pid, start };
}

function startOf(pid: number): string | undefined {
  if (process.platform === "linux") return startOnLinux(pid);
  return process.platform === "win32" ? windowsProcessStart(pid) : startByPs(pid);
}

/** Whether that very process still runs. */
export function isProcessAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.start === identity.start;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  const own = identifyProcess(process.pid);
  if (own === undefined) throw new Error("this process is not in the process table");
  return own;
}

/** Returns a process of here, for others. */
export function addressOf({ pid, start }: ProcessIdentity): ProcessAddress {
  return { pid, start, ...ownSpace() };
}

/** Returns the process as it can be seen from here; undefined where it is in another container or on another host. */
export function seenFromHere(address: ProcessAddress | undefined): ProcessIdentity | undefined {
  return address !== undefined && isOwnSpace(address) ? { pid: address.pid, start: address.start } : undefined;
}

/** Sends a signal to that very process; false where it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isProcessAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}

/** Whether that process is stopped (SIGSTOP, Ctrl-Z, a debugger); false where that cannot be seen. */
export function isProcessStopped(identity: ProcessIdentity): boolean {
  if (process.platform !== "linux" || !isProcessAlive(identity)) return false;
  return /^[Tt]$/.test(readProcess(identity.pid)?.state ?? "");
}

function startOnLinux(pid: number): string | undefined {
  const found = readProcess(pid);
  return isRunning(found) ? `${bootId().slice(0, 8)}:${found.start}` : undefined;
}

/** As a text in one language and time zone, whatever those of the caller: it is compared with what others noted. */
function startByPs(pid: number): string | undefined {
  const ps = Bun.spawnSync(["ps", "-o", "lstart=", "-p", String(pid)], {
    env: { PATH: "/bin:/usr/bin", LC_ALL: "C", TZ: "UTC" },
    stdin: "ignore",
    stderr: "ignore",
  });
  return ps.stdout.toString().trim() || undefined;
}

import { listChildren, readProc } from "#platform/process/linux.ts";

/** Kernel function in which a process waits for somebody to open the other end of a named pipe. */
const WAITS_FOR_PARTNER = "wait_for_partner";

/** Returns whether a process, or one that it has started, waits for the other end of a named pipe; false if the system does not say. */
export function isBlockedOnPipe(pid: number): boolean {
  if (process.platform !== "linux") return false;
  if (readProc(`${pid}/wchan`).trim() === WAITS_FOR_PARTNER) return true;
  return listChildren(pid).some(isBlockedOnPipe);
}

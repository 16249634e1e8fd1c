import { listChildren, readProc } from "#platform/process/linux.ts";

/** The kernel's name for waiting until somebody opens the other end of a named pipe. */
const WAITS_FOR_PARTNER = "wait_for_partner";

/**
 * Whether a process, or one that it has started, waits for the other end of a named pipe; false where the system does
 * not say.
 */
export function isBlockedOnPipe(pid: number): boolean {
  if (process.platform !== "linux") return false;
  if (readProc(`${pid}/wchan`).trim() === WAITS_FOR_PARTNER) return true;
  return listChildren(pid).some(isBlockedOnPipe);
}

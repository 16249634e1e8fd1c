import { readFileSync } from "node:fs";

/** The kernel's name for waiting until somebody opens the other end of a named pipe. */
const WAITS_FOR_PARTNER = "wait_for_partner";

/**
 * Whether a process, or one that it has started, waits for the other end of a named pipe; false where the system does
 * not say.
 */
export function isBlockedOnPipe(pid: number): boolean {
  if (process.platform !== "linux") return false;
  if (readProc(pid, "wchan") === WAITS_FOR_PARTNER) return true;
  return childrenOf(pid).some(isBlockedOnPipe);
}

function childrenOf(pid: number): number[] {
  return readProc(pid, `task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1").trim();
  } catch {
    return ""; // gone, or not ours to look at
  }
}

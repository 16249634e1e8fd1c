import { logger } from "#base/log.ts";
import { reapChild, setChildSubreaper } from "#platform/libc.ts";
import { IS_LINUX } from "#base/system.ts";
import { listChildren, readProcess } from "./linux.ts";

/** Interval between scans for zombies, in milliseconds. */
const REAP_INTERVAL_MS = 500;
/** Interval between scans while there are zombies, in milliseconds, for commands that fork quickly. */
const BUSY_REAP_INTERVAL_MS = 50;
/** Number of consecutive scans that must find a zombie before it is reaped: our runtime collects its own children well before. */
const REQUIRED_SCANS = 3;

let isAdopting = false;

/**
 * Makes this process, on Linux, the parent of all its descendants that become orphans, and collects their exit status: our runtime knows
 * only its own children.
 */
export function becomeSubreaper(): void {
  if (!IS_LINUX || isAdopting) return;
  try {
    isAdopting = setChildSubreaper();
  } catch (error) {
    logger("platform").warn`orphans are not adopted: ${String(error)}`;
  }
  const seen = new Map<number, number>();
  const scan = () => {
    reapOrphans(seen);
    setTimeout(scan, seen.size === 0 ? REAP_INTERVAL_MS : BUSY_REAP_INTERVAL_MS).unref();
  };
  if (isAdopting) scan();
}

/** Returns whether this process adopts orphans. */
export function isSubreaper(): boolean {
  return isAdopting;
}

function reapOrphans(seen: Map<number, number>): void {
  const zombies = new Set(listChildren(process.pid).filter((pid) => readProcess(pid)?.state === "Z"));
  for (const pid of seen.keys()) if (!zombies.has(pid)) seen.delete(pid);
  for (const pid of zombies) {
    const scans = (seen.get(pid) ?? 0) + 1;
    seen.set(pid, scans);
    if (scans < REQUIRED_SCANS) continue;
    reapChild(pid);
    seen.delete(pid);
  }
}

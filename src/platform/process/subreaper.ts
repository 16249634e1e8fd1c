import { logger } from "#base/log.ts";
import { reapChild, setChildSubreaper } from "#platform/libc.ts";
import { IS_LINUX } from "#platform/system.ts";
import { listChildren, readProcess } from "./linux.ts";

const REAP_INTERVAL_MS = 500;
/** Interval in milliseconds while there are zombies, for commands that fork quickly. */
const BUSY_INTERVAL_MS = 50;
/** Number of consecutive checks that must find a zombie: our runtime collects its own children well before. */
const MAX_SCANS = 3;

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
    logger("lib").warn`orphans cannot be adopted: ${String(error)}`;
  }
  const seen = new Map<number, number>();
  const look = () => {
    reapOrphans(seen);
    setTimeout(look, seen.size === 0 ? REAP_INTERVAL_MS : BUSY_INTERVAL_MS).unref();
  };
  if (isAdopting) look();
}

/** Returns whether this process adopts orphans. */
export function isSubreaper(): boolean {
  return isAdopting;
}

function reapOrphans(seen: Map<number, number>): void {
  const zombies = new Set(listChildren(process.pid).filter((pid) => readProcess(pid)?.state === "Z"));
  for (const pid of seen.keys()) if (!zombies.has(pid)) seen.delete(pid);
  for (const pid of zombies) {
    const looks = (seen.get(pid) ?? 0) + 1;
    seen.set(pid, looks);
    if (looks < MAX_SCANS) continue;
    reapChild(pid);
    seen.delete(pid);
  }
}

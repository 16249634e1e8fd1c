import { logger } from "#base/log.ts";
import { reapChild, setChildSubreaper } from "#platform/libc.ts";
import { listChildren, readProcess } from "./linux.ts";

const REAP_INTERVAL_MS = 500;
/** While there are zombies, for a command that forks fast. */
const BUSY_INTERVAL_MS = 50;
/** Looks in a row that must find a zombie: our runtime takes the status of its own children well before. */
const LOOKS = 3;

let isAdopting = false;

/**
 * Makes this process, on Linux, the parent of all its descendants that lose theirs, and takes the status of those that
 * end: our runtime knows its own children only.
 */
export function becomeSubreaper(): void {
  if (process.platform !== "linux" || isAdopting) return;
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

/** Whether orphans come to this process. */
export function isSubreaper(): boolean {
  return isAdopting;
}

function reapOrphans(seen: Map<number, number>): void {
  const zombies = new Set(listChildren(process.pid).filter((pid) => readProcess(pid)?.state === "Z"));
  for (const pid of seen.keys()) if (!zombies.has(pid)) seen.delete(pid);
  for (const pid of zombies) {
    const looks = (seen.get(pid) ?? 0) + 1;
    seen.set(pid, looks);
    if (looks < LOOKS) continue;
    reapChild(pid);
    seen.delete(pid);
  }
}

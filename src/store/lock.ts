import { isProcessAlive, ownIdentity } from "#lib/process-identity.ts";
import type { Store } from "./store.ts";

/** How often a lock that somebody holds is tried again; what is done under one takes milliseconds. */
const RETRY_MS = 5;

/**
 * Runs `work` while holding a named lock over all processes that use this store. A lock whose
 * holder has died is recognised by process identity and taken.
 */
export async function withLock<T>(store: Store, name: string, work: () => Promise<T>): Promise<T> {
  const token = crypto.randomUUID();
  while (!tryLock(store, name, token)) await Bun.sleep(RETRY_MS + Math.random() * RETRY_MS);
  try {
    return await work();
  } finally {
    store.database.query("DELETE FROM locks WHERE name = ? AND token = ?").run(name, token);
  }
}

/** The same for what changes a repository's worktrees and branches. @param commonDir its common git folder */
export async function withRepositoryLock<T>(store: Store, commonDir: string, work: () => Promise<T>): Promise<T> {
  return withLock(store, `worktrees of ${commonDir}`, work);
}

function tryLock(store: Store, name: string, token: string): boolean {
  const { database } = store;
  const holder = database
    .query<{ token: string; owner_pid: number; owner_start: string }, [string]>(
      "SELECT token, owner_pid, owner_start FROM locks WHERE name = ?",
    )
    .get(name);
  if (holder !== null) {
    if (isProcessAlive({ pid: holder.owner_pid, start: holder.owner_start })) return false;
    database.query("DELETE FROM locks WHERE name = ? AND token = ?").run(name, holder.token);
  }
  const own = ownIdentity();
  const { changes } = database
    .query("INSERT OR IGNORE INTO locks (name, token, owner_pid, owner_start) VALUES (?, ?, ?, ?)")
    .run(name, token, own.pid, own.start);
  return changes === 1;
}

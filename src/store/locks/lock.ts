import { join } from "node:path";
import { sha256 } from "#base/digest.ts";
import { AppError } from "#base/errors.ts";
import { quoteForShell } from "#base/text.ts";
import { makePrivateFolder } from "#platform/files/files.ts";
import { tryHold } from "./held-lock.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import type { Store } from "#store/store.ts";

/** Interval between attempts to take a held lock, in milliseconds; work under such a lock takes milliseconds. */
const RETRY_MS = 5;

/** Timeout of a repository's lock, in milliseconds: large repositories may be merged one after the other. */
const LOCK_TIMEOUT_MS = 5 * 60_000;

/**
 * Runs `work` while holding the lock of a repository across all processes that use this store; needed to change its worktrees and branches.
 * The kernel releases the lock if its holder dies.
 * @param commonDir the repository's common git folder
 * @throws AppError `repository_busy` if another process holds it for minutes; `state_unusable`, `state_newer`
 */
export async function withRepositoryLock<T>(store: Store, commonDir: string, work: () => Promise<T>): Promise<T> {
  void store.writable; // throws if this version may only read
  const name = sha256(commonDir).slice(0, 32);
  const path = join(store.paths.locks, `repository-${name}.lock`);
  inStateFolder(() => makePrivateFolder(store.paths.locks));
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  let lock = tryHold(path);
  while (lock === undefined) {
    if (performance.now() > deadline) throw busy(commonDir, path);
    await Bun.sleep(RETRY_MS + Math.random() * RETRY_MS);
    lock = tryHold(path);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

function busy(commonDir: string, path: string): AppError {
  return new AppError(
    "repository_busy",
    `Another codex-mcp-server process has been using the repository ${commonDir} for ${LOCK_TIMEOUT_MS / 60_000} minutes.`,
    `Try again later, or find that process (fuser ${quoteForShell(path)}).`,
  );
}

import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { AppError, errnoOf } from "#base/errors.ts";
import { quoteForShell } from "#base/text.ts";
import { describeSystemCall } from "#git/system-failure.ts";

/** Timeout for waiting for a lock, in milliseconds: locks are held briefly, and a stale one has to be removed by its user. */
const LOCK_TIMEOUT_MS = 5000;

/**
 * Locks a ref as git does, with a file beside it, so that no git process (e.g. `gc`) rewrites the ref or its log meanwhile.
 * @param refFile the ref's own file, which does not have to exist
 * @throws AppError `git_failed` if it stays locked by another process
 */
export async function withRefLock(refFile: string, work: () => Promise<void> | void): Promise<void> {
  const lock = `${refFile}.lock`;
  await takeLock(lock);
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

async function takeLock(lock: string): Promise<void> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    try {
      // A `gc` that packs refs removes empty folders.
      mkdirSync(dirname(lock), { recursive: true });
      closeSync(openSync(lock, "wx"));
      return;
    } catch (error) {
      const isPassing = errnoOf(error) === "EEXIST" || errnoOf(error) === "ENOENT";
      if (!isPassing || performance.now() > deadline) throw notTaken(lock, error);
    }
    await Bun.sleep(10);
  }
}

function notTaken(lock: string, error: unknown): AppError {
  if (errnoOf(error) === "EEXIST") {
    const hint = `Wait for the git command that holds it or, if none is running, remove the file (rm ${quoteForShell(lock)}).`;
    return new AppError("git_failed", `The git lock file ${lock} exists.`, hint, error);
  }
  const { reason, hint = "Check the permissions of its folder, then try again." } = describeSystemCall(error);
  return new AppError("git_failed", `Cannot create ${lock}: ${reason}.`, hint, error);
}

import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { AppError, errnoOf } from "#base/errors.ts";
import { quoteForShell } from "#base/text.ts";

/** Limit of the time to wait for a lock: it is held for a moment only, and one that was left behind is its user's to remove. */
const LOCK_TIMEOUT_MS = 5000;

/**
 * Holds a ref as git does, by a file beside it, so that no git (a `gc`, for one) rewrites the ref or its log meanwhile.
 * @param refFile the ref's own file, which need not be there
 * @throws AppError `git_failed` where somebody else holds it for long
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
      // A `gc` that packs refs removes folders that it leaves empty.
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
  const code = errnoOf(error);
  const hint =
    code === "EEXIST"
      ? `If no git is at work there, remove it: rm ${quoteForShell(lock)}`
      : "Make room on that disk, or give this user the right to write there, and try again.";
  return new AppError("git_failed", `${lock} cannot be made (${code ?? String(error)}).`, hint, error);
}

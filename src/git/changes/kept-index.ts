import { closeSync, copyFileSync, linkSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AppError, errnoOf } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";

/** Beside the index, so that it can take its place in one step. */
const KEPT = "codexmcp-index-before";

/** Limit of the time to wait for another git that has the index, and the pause between two looks. */
const LOCK_TIMEOUT_MS = 2000;
const LOCK_LOOK_MS = 50;

/** An index as it was. */
export interface KeptIndex {
  /** Puts it back, unless another git holds on to the index. */
  restore: () => Promise<void>;
  forget: () => void;
}

/**
 * Keeps a worktree's index as it is, with all that is staged, intended or left out of it.
 * @throws AppError `git_failed` where git's folder cannot be written to
 */
export function keepIndex(gitDir: string): KeptIndex {
  const index = join(gitDir, "index");
  const kept = join(gitDir, KEPT);
  const forget = () => rmSync(kept, { force: true });
  const isThere = keep(index, kept);
  const restore = async () => {
    const lock = `${index}.lock`;
    if ((await waitForIndexLock(gitDir)) !== undefined) return;
    closeSync(openSync(lock, "wx"));
    try {
      if (isThere) renameSync(kept, index);
      else rmSync(index, { force: true });
    } finally {
      rmSync(lock, { force: true });
    }
  };
  return { restore, forget };
}

/** Gives the index a second name, which keeps it: git never writes into it, but puts a new one in its place. @returns whether there is one */
function keep(index: string, kept: string): boolean {
  try {
    rmSync(kept, { force: true });
    if (!pathExists(index)) return false;
    try {
      linkSync(index, kept);
    } catch {
      copyFileSync(index, kept);
    }
    return true;
  } catch (error) {
    throw new AppError(
      "git_failed",
      `Nothing was committed, since ${index} cannot be changed (${errnoOf(error) ?? String(error)}).`,
      "Check the permissions of git's folder, and that its disk is neither full nor read-only.",
    );
  }
}

/** Waits a moment for another git that changes the index. @returns the lock's file, where it stays */
export async function waitForIndexLock(gitDir: string): Promise<string | undefined> {
  const lock = join(gitDir, "index.lock");
  for (let left = LOCK_TIMEOUT_MS; pathExists(lock); left -= LOCK_LOOK_MS) {
    if (left <= 0) return lock;
    await Bun.sleep(LOCK_LOOK_MS);
  }
  return undefined;
}

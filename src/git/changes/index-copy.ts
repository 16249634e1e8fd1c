import { closeSync, constants, copyFileSync, linkSync, openSync, renameSync, rmSync } from "node:fs";
import { copyFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf } from "#base/errors.ts";
import { pathExists, statIfAny } from "#base/paths.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";
import type { GitEnvironment } from "#git/run-git.ts";
import { getGitDir } from "#git/worktree/worktree-link.ts";
import { describeSystemCall } from "#git/system-failure.ts";

/** Required space as a multiple of the index's size, plus a minimum in bytes: git writes a new, perhaps larger index beside the old one. */
const SPACE_FACTOR = 3;
const MIN_SPACE_BYTES = 1024 * 1024;

/**
 * Calls a function with variables under which git uses a copy of the worktree's own index.
 * @param environment other variables of the git commands, which the function gets, too
 */
export async function withIndexCopy<T>(
  worktree: string,
  environment: GitEnvironment,
  work: (environment: GitEnvironment & { GIT_INDEX_FILE: string }) => Promise<T>,
): Promise<T> {
  const gitDir = await getGitDir(worktree);
  const index = join(gitDir, "index");
  const neededBytes = (statIfAny(index)?.size ?? 0) * SPACE_FACTOR + MIN_SPACE_BYTES;
  const fill = async (folder: string) => copyIfExists(index, join(folder, "index"));
  return withTemporaryFolder({ fallback: gitDir, fill, neededBytes }, async (folder) =>
    work({ ...withoutSplitIndex(environment), GIT_INDEX_FILE: join(folder, "index") }),
  );
}

/** Adds a setting against a split index, whose other half would be written to git's own folder. */
function withoutSplitIndex(environment: GitEnvironment): GitEnvironment {
  const count = Number(environment["GIT_CONFIG_COUNT"] ?? process.env["GIT_CONFIG_COUNT"] ?? 0) || 0;
  return {
    ...environment,
    GIT_CONFIG_COUNT: String(count + 1),
    [`GIT_CONFIG_KEY_${count}`]: "core.splitIndex",
    [`GIT_CONFIG_VALUE_${count}`]: "false",
  };
}

/** Copies an index with its modification time, as git uses it: files that changed at that very time are compared by content. */
async function copyIfExists(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    const { atime, mtimeMs } = await stat(from);
    await utimes(to, atime, Math.floor(mtimeMs / 1000));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

/** Name of the saved index, in the index's own folder so that it can replace the index in one step. */
const SAVED_INDEX = "codexmcp-index-before";

/** Timeout for waiting for another git that holds the index, and the polling interval, in milliseconds. */
const LOCK_TIMEOUT_MS = 2000;
const LOCK_POLL_MS = 50;

/** A saved index. */
export interface SavedIndex {
  /** Restores the index, unless another git holds it. */
  restore: () => Promise<void>;
  forget: () => void;
}

/**
 * Saves a worktree's index, including staged, intent-to-add and skipped entries.
 * @throws AppError `git_failed` if git's folder cannot be written to
 */
export function saveIndex(gitDir: string): SavedIndex {
  const index = join(gitDir, "index");
  const kept = join(gitDir, SAVED_INDEX);
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

/**
 * Links the index to a second name, which preserves it: git never writes to it, but replaces it by a new file.
 * @returns whether there is an index
 */
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
    const { reason, hint } = describeSystemCall(error);
    throw new AppError(
      "git_failed",
      `Nothing was committed, because ${index} cannot be saved: ${reason}.`,
      hint ?? "Check the permissions of git's folder, and that its disk is neither full nor read-only.",
    );
  }
}

/** Waits briefly for another git that changes the index. @returns the lock file, if it remains */
export async function waitForIndexLock(gitDir: string): Promise<string | undefined> {
  const lock = join(gitDir, "index.lock");
  for (let left = LOCK_TIMEOUT_MS; pathExists(lock); left -= LOCK_POLL_MS) {
    if (left <= 0) return lock;
    await Bun.sleep(LOCK_POLL_MS);
  }
  return undefined;
}

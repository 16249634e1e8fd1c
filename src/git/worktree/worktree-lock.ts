import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";
import { tryReadText } from "#platform/files/read-file.ts";

const MAX_BYTES = 64 * 1024;

/** Prefix of the lock reasons that this server writes. */
const LOCK_REASON_PREFIX = "codex-mcp-server: ";

/**
 * Locks a worktree against `git worktree prune`, `move` and `remove` while a task works in it, as `git worktree lock` does:
 * with a file that contains the reason. An existing lock stays.
 */
export function lockWorktree(worktree: string, taskId: string): void {
  const file = findLockFile(worktree);
  if (file === undefined) return;
  try {
    writeFileSync(file, `${LOCK_REASON_PREFIX}${taskId} is running\n`, { flag: "wx" });
  } catch {
    // It is already locked, or git's folder is not writable, which the task will report itself.
  }
}

/** Lock reason of a worktree that is being restored; it stays if the restore is interrupted. */
export const RESTORE_LOCK = `${LOCK_REASON_PREFIX}being restored`;

/** Returns whether a restore of this worktree is running or was interrupted, so that it is incomplete. */
export function isIncompleteRestore(worktree: string): boolean {
  const file = findLockFile(worktree);
  return file !== undefined && readReason(file)?.trim() === RESTORE_LOCK;
}

/** Returns the error for a worktree that was restored only in part. */
export function incompleteRestoreError(path: string): AppError {
  return new AppError(
    "worktree_unusable",
    `${path} is incomplete: its restore was interrupted or is still running.`,
    "Restore it again (codex_discard with restore: true).",
  );
}

/** Removes this server's lock from a worktree; any other lock stays. */
export function unlockWorktree(worktree: string): void {
  const file = findLockFile(worktree);
  if (file !== undefined && readReason(file)?.startsWith(LOCK_REASON_PREFIX) === true) rmSync(file, { force: true });
}

/** Returns the reason of a lock that this server did not take; undefined if there is none. */
export function readForeignLock(worktree: string): string | undefined {
  const file = findLockFile(worktree);
  const reason = file === undefined ? undefined : readReason(file)?.trim();
  return reason?.startsWith(LOCK_REASON_PREFIX) === true ? undefined : reason;
}

/**
 * Returns the lock file in the worktree's folder within git's own, to which its `.git` file refers; undefined if it is not a
 * linked worktree.
 */
function findLockFile(worktree: string): string | undefined {
  const [, folder] = /^gitdir: (.*?)\n?$/s.exec(readShort(join(worktree, ".git")) ?? "") ?? [];
  return folder === undefined ? undefined : join(resolve(worktree, folder), "locked");
}

/** Reads the reason of a lock. For git, the existence of the file is the lock: an unreadable one has an unknown reason. */
function readReason(file: string): string | undefined {
  return readShort(file) ?? (pathExists(file) ? "(unreadable reason)" : undefined);
}

function readShort(file: string): string | undefined {
  return tryReadText(file, { maxBytes: MAX_BYTES });
}

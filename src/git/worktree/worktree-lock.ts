import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";
import { tryReadText } from "#platform/files/read-file.ts";

const MAX_BYTES = 64 * 1024;

/** Reasons of ours begin so. */
const OURS = "codex-mcp-server: ";

/**
 * Protects a worktree from `git worktree prune`, `move` and `remove` while a task works in it, as `git worktree lock` does:
 * by a file with the reason. A lock that is there stays.
 */
export function lockWorktree(worktree: string, taskId: string): void {
  const file = lockFileOf(worktree);
  if (file === undefined) return;
  try {
    writeFileSync(file, `${OURS}${taskId} is at work\n`, { flag: "wx" });
  } catch {
    // It is locked already, or git's folder cannot be written to, which the task will find out by itself.
  }
}

/** The lock of a worktree that is being restored: it stays where that is broken off. */
export const RESTORE_LOCK = `${OURS}being restored`;

/** Whether a restore of this worktree goes on or was broken off, so that not all of it is there. */
export function isHalfRestored(worktree: string): boolean {
  const file = lockFileOf(worktree);
  return file !== undefined && readReason(file)?.trim() === RESTORE_LOCK;
}

/** Returns the refusal to work with such a worktree. */
export function halfRestored(path: string): AppError {
  return new AppError(
    "worktree_unusable",
    `${path} is not whole: its restore was broken off, or goes on.`,
    "Restore it once more (codex_discard with restore: true), which begins anew.",
  );
}

/** Takes such a lock away again; somebody else's stays. */
export function unlockWorktree(worktree: string): void {
  const file = lockFileOf(worktree);
  if (file !== undefined && readReason(file)?.startsWith(OURS) === true) rmSync(file, { force: true });
}

/** Returns why somebody else has locked a worktree; undefined where nobody has. */
export function readForeignLock(worktree: string): string | undefined {
  const file = lockFileOf(worktree);
  const reason = file === undefined ? undefined : readReason(file)?.trim();
  return reason?.startsWith(OURS) === true ? undefined : reason;
}

/** In the worktree's folder within git's own, to which its `.git` file leads; undefined for one that is no linked worktree. */
function lockFileOf(worktree: string): string | undefined {
  const [, folder] = /^gitdir: (.*?)\n?$/s.exec(readShort(join(worktree, ".git")) ?? "") ?? [];
  return folder === undefined ? undefined : join(resolve(worktree, folder), "locked");
}

/** For git, the file's mere presence is the lock: one that cannot be read has an unknown reason. */
function readReason(file: string): string | undefined {
  return readShort(file) ?? (pathExists(file) ? "(its reason cannot be read)" : undefined);
}

function readShort(file: string): string | undefined {
  return tryReadText(file, { maxBytes: MAX_BYTES });
}

import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readOptionalText } from "#lib/read-file.ts";

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

/** Takes such a lock away again; somebody else's stays. */
export function unlockWorktree(worktree: string): void {
  const file = lockFileOf(worktree);
  if (file !== undefined && readOptionalText(file)?.startsWith(OURS) === true) rmSync(file, { force: true });
}

/** Why somebody else has locked a worktree; undefined where nobody has. */
export function readForeignLock(worktree: string): string | undefined {
  const file = lockFileOf(worktree);
  const reason = file === undefined ? undefined : readOptionalText(file)?.trim();
  return reason?.startsWith(OURS) === true ? undefined : reason;
}

/** In the worktree's folder within git's own, to which its `.git` file leads. */
function lockFileOf(worktree: string): string | undefined {
  const [, folder] = /^gitdir: (.*?)\n?$/s.exec(readLink(worktree)) ?? [];
  return folder === undefined ? undefined : join(resolve(worktree, folder), "locked");
}

function readLink(worktree: string): string {
  try {
    return readOptionalText(join(worktree, ".git")) ?? "";
  } catch {
    return ""; // a folder: no linked worktree
  }
}

import { closeSync, openSync, readSync } from "node:fs";
import { readChanges } from "#git/changes/changes.ts";
import { inspectWorktree } from "#git/changes/status.ts";
import { type FileChange, writeWorktreeDiff } from "#git/changes/worktree-diff.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { writePrivateFile } from "#platform/files/files.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";
import { getTaskWorktree, worktreeGone } from "./task-worktree.ts";

/** Differences between a task's worktree and the commit that it began from. */
export interface WorktreeComparison {
  task_id: string;
  worktree_dir: string;
  agent_branch: string;
  base_commit: string;
  commits_ahead: number;
  diff_stat: string;
  uncommitted_changes: string[];
  /** All files that differ, including those that the patch leaves out. */
  files: FileChange[];
  /** The patch, or its beginning up to the end of a line, in bytes: files may have any encoding. */
  patch: Buffer;
  /** File with the whole patch. */
  patch_file: string;
  patch_bytes: number;
}

/**
 * Compares a task's worktree, in its current state, with the commit that it began from. Uncommitted and new files are included.
 * @param paths files and folders to include in the patch; all if empty
 * @param patchBytes maximum size of the returned part of the patch, in bytes
 * @throws AppError `unknown_task`, `no_worktree`, `worktree_gone`, `worktree_unusable`
 */
export async function diffWorktree(
  context: AppContext,
  taskId: string,
  paths: readonly string[],
  patchBytes: number,
): Promise<WorktreeComparison> {
  const site = await getTaskWorktree(context, taskId);
  const { task, path, branch, repository, baseCommit } = site;
  if ((await findWorktreeGitDir(path, repository)) === undefined) throw await worktreeGone(site);
  const patchFile = taskPaths(context.config.home, task.task_id).patch;
  // git keeps the permissions of an existing file.
  writePrivateFile(patchFile, "");
  const seen = await inspectWorktree(path);
  const [changes, diff] = await Promise.all([
    readChanges(path, baseCommit, { seen: seen.status }),
    writeWorktreeDiff(path, baseCommit, paths, patchFile, seen),
  ]);
  return {
    task_id: task.task_id,
    worktree_dir: path,
    agent_branch: branch,
    base_commit: baseCommit,
    commits_ahead: changes.commits_ahead,
    diff_stat: changes.diff_stat,
    uncommitted_changes: changes.uncommitted_changes,
    files: diff.files,
    patch: readBeginning(patchFile, patchBytes, diff.patchBytes),
    patch_file: patchFile,
    patch_bytes: diff.patchBytes,
  };
}

/** Returns the beginning of a patch file, up to the end of a line. */
export function readBeginning(path: string, atMost: number, size: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, Math.min(size, Math.floor(atMost))));
  const file = openSync(path, "r");
  try {
    readSync(file, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(file);
  }
  return bytes.length === size ? bytes : bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
}

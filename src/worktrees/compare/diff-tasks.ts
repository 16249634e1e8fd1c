import { AppError } from "#base/errors.ts";
import { readShortstat } from "#git/changes/changes.ts";
import { type FileChange, readTreeChanges, writeTreePatch } from "#git/changes/worktree-diff.ts";
import { withTemporaryObjects } from "#git/snapshots/work-tree.ts";
import { writePrivateFile } from "#platform/files/files.ts";
import { comparedPatchPath } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";
import { readBeginning } from "#worktrees/diff-worktree.ts";
import { getTaskWorktree } from "#worktrees/task-worktree.ts";
import { readTaskTree } from "./task-work.ts";

/** Differences between the works of two tasks. */
export interface TaskDiff {
  from: string;
  to: string;
  diff_stat: string;
  /** All files that differ, including those that the patch leaves out. */
  files: FileChange[];
  /** The patch, or its beginning up to the end of a line, in bytes. */
  patch: Buffer;
  /** File with the whole patch. */
  patch_file: string;
  patch_bytes: number;
  /** Something unusual about one of the works. */
  note?: string;
  /** Folder of the first task's repository. */
  folder: string;
}

/**
 * Compares the current works of two tasks with each other; uncommitted and new files are included.
 * @param paths files and folders to include in the patch; all if empty
 * @param patchBytes maximum size of the returned part of the patch, in bytes
 * @param file file for the whole patch; by default one in the state folder
 * @throws AppError `unknown_task`, `no_worktree`, `worktree_gone`, `worktree_unusable`
 */
export async function diffTasks(
  context: AppContext,
  [fromName, toName]: readonly [string, string],
  paths: readonly string[],
  patchBytes: number,
  file?: string,
): Promise<TaskDiff> {
  const [from, to] = [await getTaskWorktree(context, fromName), await getTaskWorktree(context, toName)];
  const [fromId, toId] = [from.task.task_id, to.task.task_id];
  if (fromId === toId) {
    throw new AppError("invalid_argument", `${fromId} cannot be compared with itself.`, "Name two tasks.");
  }
  const patchFile = file ?? comparedPatchPath(context.config.home, fromId, toId);
  // git keeps the permissions of an existing file.
  writePrivateFile(patchFile, "");
  return withTemporaryObjects([from.repository, to.repository], async (objects) => {
    const [before, after] = [await readTaskTree(from, objects), await readTaskTree(to, objects)];
    const { folder } = before;
    const trees = [before.tree, after.tree] as const;
    const [files, diffStat, bytes] = await Promise.all([
      readTreeChanges(folder, trees, objects),
      readShortstat(folder, ...trees, objects),
      writeTreePatch(folder, trees, paths, patchFile, objects),
    ]);
    const notes = [before, after].flatMap(({ note }, index) =>
      note === undefined ? [] : [`${index === 0 ? fromId : toId}: ${note}`],
    );
    return {
      from: fromId,
      to: toId,
      diff_stat: diffStat,
      files,
      patch: readBeginning(patchFile, patchBytes, bytes),
      patch_file: patchFile,
      patch_bytes: bytes,
      ...(notes.length > 0 && { note: notes.join(" ") }),
      folder,
    };
  });
}

import { toFailure } from "#base/errors.ts";
import { listSome } from "#base/text.ts";
import { type FileChange, readTreeChanges } from "#git/changes/worktree-diff.ts";
import { writeWorkTree } from "#git/snapshots/work-tree.ts";
import { findBranchCommit, getTree } from "#git/repository/branches.ts";
import type { GitEnvironment } from "#git/run-git.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { findWorktreeFolder, type TaskWorktree, worktreeGone } from "#worktrees/task-worktree.ts";

/** Work of a task, as a tree. */
export interface TaskTree {
  tree: string;
  /** Folder in which git reads it. */
  folder: string;
  /** Something unusual about it. */
  note?: string;
}

/**
 * Returns the current work of a task as a tree: that of its worktree or, if that is gone, of its branch.
 * @param objects variables under which git writes objects
 * @throws AppError `worktree_gone`, and as git's commands do
 */
export async function readTaskTree(site: TaskWorktree, objects: GitEnvironment): Promise<TaskTree> {
  const { repository, branch } = site;
  const worktree = await findWorktreeFolder(site);
  if (worktree === undefined) {
    const commit = await findBranchCommit(repository, branch);
    if (commit === undefined) throw await worktreeGone(site);
    const tree = await getTree(repository, `${commit}^{tree}`);
    return { tree, folder: repository, note: `The worktree is gone: this is the commit of ${branch}.` };
  }
  const { tree, omitted } = await writeWorkTree(worktree, objects);
  const missing = [...omitted.tooLarge, ...omitted.unreadable];
  const note = missing.length === 0 ? undefined : `Not compared: ${listSome(missing)}, too large or unreadable.`;
  return { tree, folder: worktree, ...(note !== undefined && { note }) };
}

/** Changes of a task since its base commit. */
export interface TaskChanges {
  /** Tree of the work; absent if only the record is left of it. */
  tree?: string;
  files: FileChange[];
  insertions: number;
  deletions: number;
  /** Number of changed files, of which `files` may have only the first. */
  count: number;
  note?: string;
}

/** Returns the changes of a task since its base commit, as far as they can be read: if nothing else is left, those in its record. */
export async function readTaskChanges(site: TaskWorktree, objects: GitEnvironment): Promise<TaskChanges> {
  try {
    const { tree, folder, note } = await readTaskTree(site, objects);
    const files = await readTreeChanges(folder, [site.baseCommit, tree], objects);
    const sum = (name: "added" | "deleted") => files.reduce((total, file) => total + (file[name] ?? 0), 0);
    return {
      tree,
      files,
      count: files.length,
      insertions: sum("added"),
      deletions: sum("deleted"),
      ...(note !== undefined && { note }),
    };
  } catch (error) {
    const { message } = toFailure(error);
    return { ...recordedChanges(site.task), note: `${message} The numbers are those at the end of the run.` };
  }
}

const SHORTSTAT = /^(\d+) files? changed(?:, (\d+) insertions?\(\+\))?(?:, (\d+) deletions?\(-\))?/;

function recordedChanges(task: TaskRecord): TaskChanges {
  const { files_changed = [], diff_stat } = isEnded(task) ? task : {};
  const { files: count = 0, insertions = 0, deletions = 0 } = parseShortstat(diff_stat) ?? {};
  return { files: files_changed.map((path) => ({ path, status: "modified" })), count, insertions, deletions };
}

/** Returns the numbers in a summary of `git diff --shortstat`; undefined if there is none. */
export function parseShortstat(
  text: string | undefined,
): { files: number; insertions: number; deletions: number } | undefined {
  if (text === undefined) return undefined;
  const [, files = 0, insertions = 0, deletions = 0] = SHORTSTAT.exec(text) ?? [];
  return { files: Number(files), insertions: Number(insertions), deletions: Number(deletions) };
}

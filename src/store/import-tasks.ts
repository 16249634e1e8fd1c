import type { Database } from "bun:sqlite";
import { readdirSync } from "node:fs";
import { logger } from "#lib/log.ts";
import { isTaskId } from "#task/names.ts";
import { readMeta } from "./meta-file.ts";
import { type StorePaths, taskPaths } from "./store-paths.ts";
import { insertTask } from "./task-row.ts";
import { noteWorktreeBase } from "./worktree-base.ts";

/** Tells what a workspace belongs to: the repository's common git folder, or the folder's real path. */
export type WorkspaceOf = (cwd: string) => string;

interface ImportTarget {
  database: Database;
  paths: StorePaths;
  workspaceOf: WorkspaceOf;
}

/**
 * Takes tasks into the index that only their folder knows: all of them after the index was lost,
 * those of the Python server otherwise. Reads the names of all folders, and the files of unknown ones only.
 */
export function importTasks(target: ImportTarget): void {
  const known = new Set(
    target.database
      .query<{ task_id: string }, []>("SELECT task_id FROM tasks")
      .all()
      .map((row) => row.task_id),
  );
  for (const name of readdirSync(target.paths.tasks)) {
    if (!known.has(name)) importTask(target, name);
  }
}

/** Takes one task into the index, if its folder holds a readable `meta.json` and no other process was faster. */
export function importTask(target: ImportTarget, taskId: string): void {
  if (!isTaskId(taskId)) return;
  const paths = taskPaths(target.paths.home, taskId);
  const record = readMeta(paths.meta);
  if (record === undefined) return;
  // The Python server does not note the repository.
  const workspace = record.workspace === record.cwd ? target.workspaceOf(record.cwd) : record.workspace;
  insertTask(target.database, { ...record, task_id: taskId, workspace });
  const { worktree_dir, agent_branch, base_commit } = record;
  if (worktree_dir !== undefined && agent_branch !== undefined && base_commit !== undefined) {
    noteWorktreeBase(target, { ...record, worktree_dir, agent_branch, base_commit });
  }
  logger("store").info`task ${taskId} was taken from its meta.json`;
}

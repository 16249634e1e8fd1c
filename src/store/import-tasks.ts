import type { Database } from "bun:sqlite";
import { readdirSync } from "node:fs";
import { logger } from "#lib/log.ts";
import { isTaskId } from "#task/names.ts";
import type { TaskRecord } from "#task/record.ts";
import { readMeta } from "./meta-file.ts";
import { type StorePaths, taskPaths } from "./store-paths.ts";
import { insertTask } from "./task-row.ts";
import { noteWorktree } from "./worktree-base.ts";

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
  const unknown = readdirSync(target.paths.tasks).filter((name) => !known.has(name));
  const records = unknown.flatMap((name) => readRecord(target, name) ?? []);
  // One transaction for all of them: thousands of single ones take seconds.
  const takeAll = target.database.transaction(() => records.forEach((record) => take(target, record)));
  if (records.length > 0) takeAll.immediate();
}

/** Takes one task into the index, if its folder holds a readable `meta.json` and no other process was faster. */
export function importTask(target: ImportTarget, taskId: string): void {
  const record = readRecord(target, taskId);
  if (record !== undefined) take(target, record);
}

function readRecord({ paths, workspaceOf }: ImportTarget, taskId: string): TaskRecord | undefined {
  if (!isTaskId(taskId)) return undefined;
  const record = readMeta(taskPaths(paths.home, taskId).meta);
  if (record === undefined) return undefined;
  // The Python server does not note the repository.
  const workspace = record.workspace === record.cwd ? workspaceOf(record.cwd) : record.workspace;
  return { ...record, task_id: taskId, workspace };
}

function take({ database }: ImportTarget, record: TaskRecord): void {
  insertTask(database, record);
  const { worktree_dir, agent_branch, base_commit } = record;
  if (worktree_dir !== undefined && agent_branch !== undefined && base_commit !== undefined) {
    noteWorktree({ database }, { ...record, worktree_dir, agent_branch, base_commit });
  }
  logger("store").info`task ${record.task_id} was taken from its meta.json`;
}

import type { Database } from "bun:sqlite";
import { lstatSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { kindOf } from "#platform/files/read-file.ts";
import { logger } from "#base/log.ts";
import { quoteForShell } from "#base/text.ts";
import { isTaskId } from "#domain/names.ts";
import type { TaskRecord } from "#domain/record.ts";
import { readMetaFile } from "./meta-file.ts";
import { type StorePaths, taskPaths } from "#store/store-paths.ts";
import { insertTask } from "./task-row.ts";
import { recordWorktree } from "#store/worktree-base.ts";

/** Function that returns the scope of a workspace: the repository's common git folder, or the folder's real path. */
export type WorkspaceOf = (cwd: string) => string;

interface ImportTarget {
  database: Database;
  paths: StorePaths;
  workspaceOf: WorkspaceOf;
}

/** Entry among the tasks' folders that is not a readable task. */
export interface UnreadableTask {
  /** Id that the task would have. */
  task_id: string;
  path: string;
  /** One plain sentence. */
  problem: string;
  /** Instruction for fixing it. */
  fix: string;
}

/**
 * Imports tasks into the index that are known only by their folder: all tasks after the index was lost, otherwise those of the Python
 * server. It reads the names of all folders, but only the files of unknown ones.
 * @returns the unreadable entries: they are left unchanged, and do not prevent the import of others
 */
export function importTasks(target: ImportTarget): UnreadableTask[] {
  const known = new Set(
    target.database
      .query<{ task_id: string }, []>("SELECT task_id FROM tasks")
      .all()
      .map((row) => row.task_id),
  );
  const names = readdirSync(target.paths.tasks).filter((name) => isTaskId(name) && !known.has(name));
  const records: TaskRecord[] = [];
  const unreadable: UnreadableTask[] = [];
  for (const name of names) {
    const outcome = readRecord(target, name);
    if ("record" in outcome) records.push(outcome.record);
    else unreadable.push(describeFault(target, name, outcome.fault));
  }
  // Their numbers reflect the order in which they were started.
  const ordered = records.toSorted((a, b) => (a.start_time < b.start_time ? -1 : 1));
  // Use one transaction for all: thousands of single ones take seconds.
  const takeAll = target.database.transaction(() => ordered.forEach((record) => importRecord(target, record)));
  if (ordered.length > 0) takeAll.immediate();
  return unreadable.length === 0 ? [] : withoutClaimed(target, unreadable);
}

/** Time in milliseconds within which a second change may leave the folder's modification time unchanged. */
const MTIME_RESOLUTION_MS = 2000;

/** Modification times of the stores' task folders at the last scan that found nothing unknown. */
const scanned = new WeakMap<object, number>();

/** Imports tasks like {@link importTasks}, if entries were added to or removed from the tasks' folder since this process last did so. */
export function importNewTasks(target: ImportTarget): UnreadableTask[] {
  const { mtimeMs } = statSync(target.paths.tasks);
  if (scanned.get(target) === mtimeMs) return [];
  const unreadable = importTasks(target);
  if (unreadable.length === 0 && Date.now() - mtimeMs > MTIME_RESOLUTION_MS) scanned.set(target, mtimeMs);
  return unreadable;
}

/** Removes the faults of tasks that are being claimed: their folders have no record yet, and a write transaction waits for the claim. */
function withoutClaimed({ database }: ImportTarget, faults: UnreadableTask[]): UnreadableTask[] {
  const known = database.query<object, [string]>("SELECT 1 FROM tasks WHERE task_id = ?");
  return database.transaction(() => faults.filter(({ task_id }) => known.get(task_id) === null)).immediate();
}

/** Imports one task into the index, if its folder holds a readable `meta.json` and no other process has done so. */
export function importTask(target: ImportTarget, taskId: string): void {
  const outcome = readRecord(target, taskId);
  if ("record" in outcome) importRecord(target, outcome.record);
}

/** Returns the reason why a task's folder cannot be read; undefined if it can, or does not exist. */
export function findFolderFault(target: ImportTarget, taskId: string): UnreadableTask | undefined {
  const { folder } = taskPaths(target.paths.home, taskId);
  if (!isTaskId(taskId) || lstatSync(folder, { throwIfNoEntry: false }) === undefined) return undefined;
  const outcome = readRecord(target, taskId);
  if (!("fault" in outcome)) return undefined;
  return withoutClaimed(target, [describeFault(target, taskId, outcome.fault)])[0];
}

function readRecord({ paths, workspaceOf }: ImportTarget, taskId: string): { record: TaskRecord } | { fault: string } {
  const { folder, meta } = taskPaths(paths.home, taskId);
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return { fault: `${folder} does not exist.` };
  if (!stat.isDirectory() && !stat.isSymbolicLink()) return { fault: `${folder} is ${kindOf(stat)}, not a folder.` };
  const outcome = readMetaFile(meta);
  if (!("record" in outcome)) return outcome;
  const { record } = outcome;
  // The Python server does not record the repository.
  const workspace = record.workspace === record.cwd ? workspaceOf(record.cwd) : record.workspace;
  return { record: { ...record, task_id: taskId, workspace } };
}

function describeFault({ paths }: ImportTarget, task_id: string, problem: string): UnreadableTask {
  const path = join(paths.tasks, task_id);
  return {
    task_id,
    path,
    problem,
    fix: `Restore its meta.json, or move it away (mv ${quoteForShell(path)} ${quoteForShell(`${paths.home}/`)}).`,
  };
}

function importRecord({ database }: ImportTarget, record: TaskRecord): void {
  insertTask(database, record);
  const { worktree_dir, agent_branch, base_commit } = record;
  if (worktree_dir !== undefined && agent_branch !== undefined && base_commit !== undefined) {
    recordWorktree({ writable: database }, { ...record, worktree_dir, agent_branch, base_commit });
  }
  logger("store").info`task ${record.task_id} was imported from its meta.json`;
}

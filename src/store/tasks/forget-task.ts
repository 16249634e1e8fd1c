import { lstatSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { logger } from "#base/log.ts";
import { makePrivateFolder, repairPrivateFolder } from "#platform/files/files.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import type { Store } from "#store/store.ts";
import { detachTokenUse } from "#store/token-use.ts";
import { taskPaths } from "#store/store-paths.ts";
import { listNames, lstatIfAny, pathExists } from "#base/paths.ts";
import { forgetReportedEnds } from "#store/ends/record-end.ts";
import { readEarlierMeta } from "./meta-file.ts";

/** Facts about an ended task needed to remove it. */
export interface ForgettableTask {
  task_id: string;
  run: number;
  topic: string;
  cwd: string;
  end_time: string;
}

/** Lists ended tasks beyond the newest `keep`, newest first. */
export function listForgettable(store: Store, keep: number): ForgettableTask[] {
  return store.database
    .query<ForgettableTask, [number]>(
      `SELECT task_id, run, topic, cwd, end_time FROM tasks WHERE end_time IS NOT NULL
       ORDER BY seq DESC, task_id DESC LIMIT -1 OFFSET ?`,
    )
    .all(keep);
}

/**
 * Removes an ended task from the index and its folder from the tasks' folder, in one write transaction: a new run with the same id never
 * meets files that are being deleted.
 * @returns false if it has been started again in the meantime
 */
export function forgetTask(store: Store, task: ForgettableTask): boolean {
  inStateFolder(() => repairPrivateFolder(store.paths.removed));
  const { folder } = taskPaths(store.paths.home, task.task_id);
  return store.writable
    .transaction(() => {
      const { changes } = store.database
        .query("DELETE FROM tasks WHERE task_id = ? AND run = ? AND end_time IS NOT NULL")
        .run(task.task_id, task.run);
      const isThere = lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
      if (changes === 1) detachTokenUse(store, task.task_id);
      if (changes === 1) forgetReportedEnds(store, task.task_id);
      if (changes === 1 && isThere) {
        inStateFolder(() => renameSync(folder, join(store.paths.removed, crypto.randomUUID())));
      }
      return changes === 1;
    })
    .immediate();
}

/** Deletes the files of forgotten tasks. */
export function emptyRemoved(store: Store): void {
  try {
    rmSync(store.paths.removed, { recursive: true, force: true });
  } catch (error) {
    logger("store").warn`${store.paths.removed} cannot be emptied: ${String(error)}`;
  }
}

/** Files of a run that was followed by another run of its task: `runs/<n>/`. */
export interface EarlierRun {
  task_id: string;
  run: number;
  path: string;
  end_time: string;
}

/** Lists a task's earlier runs, newest first. If a run's record cannot be read, its folder's last change is taken as its end. */
export function listEarlierRuns(store: Store, taskId: string): EarlierRun[] {
  const paths = taskPaths(store.paths.home, taskId);
  return listNames(paths.runs)
    .filter((name) => /^[1-9]\d{0,8}$/.test(name))
    .map(Number)
    .toSorted((a, b) => b - a)
    .map((run) => {
      const path = join(paths.runs, String(run));
      const record = readEarlierMeta(paths, run);
      const end_time = record !== undefined && "end_time" in record ? record.end_time : changeTime(path);
      return { task_id: taskId, run, path, end_time };
    });
}

/**
 * Removes an earlier run's files.
 * @returns false if that is not possible
 */
export function forgetRun(store: Store, { path }: EarlierRun): boolean {
  try {
    inStateFolder(() => {
      makePrivateFolder(store.paths.removed);
      renameSync(path, join(store.paths.removed, crypto.randomUUID()));
    });
    return true;
  } catch (error) {
    logger("store").warn`${path} cannot be removed: ${String(error)}`;
    return false;
  }
}

function changeTime(path: string): string {
  return (lstatSync(path, { throwIfNoEntry: false })?.mtime ?? new Date()).toISOString();
}

/**
 * Deletes the folders that are needed only during a run, after its end is recorded: until then, the process that finishes the run needs the
 * audit's data. The next run of the same id has folders with the same names; a write transaction keeps the two apart.
 */
export function removeRunFolders(store: Store, { task_id, run }: { task_id: string; run: number }): void {
  const paths = taskPaths(store.paths.home, task_id);
  const going: string[] = [];
  try {
    repairPrivateFolder(store.paths.removed);
    const newestRun = store.database.query<{ run: number }, [string]>("SELECT run FROM tasks WHERE task_id = ?");
    store.writable
      .transaction(() => {
        const isNewest = newestRun.get(task_id)?.run === run;
        const folder = isNewest ? paths.folder : join(paths.runs, String(run));
        for (const path of [paths.temporary, paths.codexHome, paths.workspaceSnapshot]) {
          const from = join(folder, basename(path));
          if (lstatIfAny(from) === undefined) continue;
          const to = join(store.paths.removed, crypto.randomUUID());
          renameSync(from, to);
          going.push(to);
        }
      })
      .immediate();
    for (const path of going) rmSync(path, { recursive: true, force: true });
  } catch (error) {
    // Files left by the run must not prevent the other steps.
    logger("store").warn`the folders of ${task_id} run ${run} could not be removed: ${String(error)}`;
  }
}

/** File or folder of the state folder that is no longer needed. */
export interface Leftover {
  path: string;
  what: string;
}

/** Lists damaged indexes that were moved aside (their tasks' `meta.json` files contain all their data), and tasks being deleted. */
export function listLeftovers({ paths }: Store): Leftover[] {
  const damaged = readdirSync(paths.home).filter((name) => /^codexmcp\.db\.(?:damaged|new)-\d+/.test(name));
  return [
    ...damaged.map((name) => ({ path: join(paths.home, name), what: "damaged index, moved aside" })),
    ...(pathExists(paths.removed) ? [{ path: paths.removed, what: "files of removed tasks" }] : []),
  ];
}

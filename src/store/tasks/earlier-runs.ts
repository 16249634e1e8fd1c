import { lstatSync, renameSync } from "node:fs";
import { join } from "node:path";
import { logger } from "#base/log.ts";
import { makePrivateFolder } from "#platform/files/files.ts";
import { listNames } from "#base/paths.ts";
import { readEarlierMeta } from "./meta-file.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import type { Store } from "#store/store.ts";
import { taskPaths } from "#store/store-paths.ts";

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

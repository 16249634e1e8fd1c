import { renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { repairPrivateFolder } from "#platform/files/files.ts";
import { logger } from "#base/log.ts";
import { lstatIfAny } from "#base/paths.ts";
import type { Store } from "#store/store.ts";
import { taskPaths } from "#store/store-paths.ts";

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

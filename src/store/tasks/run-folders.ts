import { renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { repairPrivateFolder } from "#platform/files/files.ts";
import { logger } from "#base/log.ts";
import { lstatIfAny } from "#base/paths.ts";
import type { Store } from "#store/store.ts";
import { taskPaths } from "#store/store-paths.ts";

/**
 * Deletes what is of use only while a run lasts, once its end is recorded: what an audit rests on is there for whoever has to
 * finish the run. A next run of the same id has folders of the same names: they are told apart within a write transaction.
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
        for (const path of [paths.temporary, paths.codexHome, paths.witness]) {
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
    // Whatever the run has left there must not keep anything else from being done.
    logger("store").warn`the folders of ${task_id} run ${run} could not be removed: ${String(error)}`;
  }
}

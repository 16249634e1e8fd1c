import { join } from "node:path";
import type { RunEntry, TaskFile } from "#board/api/task.ts";
import { listNames, lstatIfAny, pathExists } from "#base/paths.ts";
import { isEnded, type TaskRecord, visibleStatus } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";
import { readEarlierMeta } from "#store/tasks/meta-file.ts";

/** Largest number of runs and files that the page lists. */
const MAX_RUNS = 200;
const MAX_FILES = 200;

/** Returns the runs of a task, the current one last. */
export function listRuns(home: string, task: TaskRecord): RunEntry[] {
  const paths = taskPaths(home, task.task_id);
  const first = Math.max(1, task.run - MAX_RUNS + 1);
  const earlier = Array.from({ length: task.run - first }, (_, index) => {
    const run = first + index;
    const record = readEarlierMeta(paths, run);
    const has_log = pathExists(join(paths.runs, String(run), "codex-exec.log"));
    return record === undefined ? { run, status: "unknown", has_log } : toEntry(record, run, has_log);
  });
  return [...earlier, toEntry(task, task.run, pathExists(task.log_file))];
}

function toEntry(record: TaskRecord, run: number, has_log: boolean): RunEntry {
  return {
    run,
    status: visibleStatus(record),
    started_at: record.start_time,
    ...(isEnded(record) && { ended_at: record.end_time }),
    has_log,
  };
}

/** Returns the files in a task's folder. */
export function listTaskFiles(home: string, taskId: string): TaskFile[] {
  const { folder } = taskPaths(home, taskId);
  return listNames(folder)
    .toSorted()
    .slice(0, MAX_FILES)
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = lstatIfAny(path);
      return stat?.isFile() === true && !name.endsWith(".tmp") ? [{ name, path, bytes: stat.size }] : [];
    });
}

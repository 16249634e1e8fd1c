import { statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { listNames } from "#base/paths.ts";
import type { Store } from "#store/store.ts";
import { taskPaths } from "#store/store-paths.ts";
import { readEarlierMeta } from "#store/tasks/meta-file.ts";
import { listRestarted } from "./index-runs.ts";
import { type RunPeriod, type RunSummary, summarizeRun } from "./run-summary.ts";

/** Maximum number of records of earlier runs that one list reads. */
const MAX_READ = 5000;
/** Number of records after which others may use the process. */
const BATCH = 50;

/** Records that were read, by their paths: those of earlier runs no longer change. */
const known = new Map<string, { mtimeMs: number; summary: RunSummary | undefined }>();
const MAX_KNOWN = 20_000;

/** Lists the runs between two times that were followed by other runs of their tasks, as far as their files are still there. */
export async function listEarlierBetween(store: Store, { from, to }: RunPeriod): Promise<RunSummary[]> {
  const found: RunSummary[] = [];
  let read = 0;
  for (const { task_id } of listRestarted(store, from)) {
    for (const run of listRunNumbers(taskPaths(store.paths.home, task_id).runs)) {
      if (read++ >= MAX_READ) return found;
      if (read % BATCH === 0) await setImmediate();
      const summary = readEarlierSummary(store, task_id, run);
      if (summary === undefined) continue;
      // Those before it ended earlier.
      if ((summary.end_time ?? summary.start_time) < from) break;
      if (summary.start_time <= to) found.push(summary);
    }
  }
  return found;
}

/** Returns the numbers of a task's earlier runs, newest first. */
function listRunNumbers(folder: string): number[] {
  return listNames(folder)
    .filter((name) => /^[1-9]\d{0,8}$/.test(name))
    .map(Number)
    .toSorted((a, b) => b - a);
}

function readEarlierSummary(store: Store, task_id: string, run: number): RunSummary | undefined {
  const paths = taskPaths(store.paths.home, task_id);
  const file = join(paths.runs, String(run), "meta.json");
  const mtimeMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (mtimeMs === undefined) return undefined;
  const before = known.get(file);
  if (before?.mtimeMs === mtimeMs) return before.summary;
  const record = readEarlierMeta(paths, run);
  const summary = record === undefined ? undefined : { ...summarizeRun(record), task_id, run };
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(file, { mtimeMs, summary });
  return summary;
}

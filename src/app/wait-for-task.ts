import { watchFolder } from "#lib/watch-folder.ts";
import { findTask } from "#store/claim-task.ts";
import { readEarlierMeta, readMeta } from "#store/meta-file.ts";
import { taskPaths } from "#store/store-paths.ts";
import { type EndedTask, isEnded, type TaskRecord } from "#task/record.ts";
import type { AppContext } from "./context.ts";
import { reconcile } from "./reconcile.ts";

/** How often the truth about a silent task is worked out. */
const SAFETY_MS = 1000;

/**
 * Waits for the end of one run. The supervisor publishes the record by a rename, which wakes us within
 * a millisecond; the slow look behind it works out the truth where the supervisor has died.
 */
export async function waitForTask(context: AppContext, task: TaskRecord): Promise<EndedTask> {
  const ended = await waitAtMost(context, task, Number.POSITIVE_INFINITY);
  if (ended === undefined) throw new Error("an endless wait ended");
  return ended;
}

/** The same for a bounded time, or until `signal` aborts. @returns undefined where the run has not ended by then */
export async function waitAtMost(
  context: AppContext,
  task: TaskRecord,
  atMostMs: number,
  signal?: AbortSignal,
): Promise<EndedTask | undefined> {
  if (isEnded(task)) return task;
  if (signal?.aborted === true) return undefined;
  const paths = taskPaths(context.config.home, task.task_id);
  const published = () => endedRun(readMeta(paths.meta), task) ?? endedRun(readEarlierMeta(paths, task.run), task);
  return new Promise((resolve) => {
    let isBusy = false;
    const done = (record: EndedTask | undefined) => {
      watch.close();
      clearInterval(safety);
      clearTimeout(deadline);
      signal?.removeEventListener("abort", giveUp);
      resolve(record);
    };
    const giveUp = () => done(undefined);
    signal?.addEventListener("abort", giveUp);
    const look = () => {
      const record = published();
      if (record !== undefined) done(record);
    };
    const lookHard = async () => {
      if (isBusy) return;
      isBusy = true;
      const stored = findTask(context.store, task.task_id);
      const record = stored === undefined ? undefined : await reconcile(context, stored).catch(() => undefined);
      isBusy = false;
      const ended = endedRun(record, task);
      if (ended !== undefined) done(ended);
    };
    const watch = watchFolder(paths.folder, (name) => name === "meta.json", look);
    const safety = setInterval(() => void lookHard(), SAFETY_MS);
    const deadline = Number.isFinite(atMostMs) ? setTimeout(giveUp, atMostMs) : undefined;
    look();
  });
}

function endedRun(record: TaskRecord | undefined, task: TaskRecord): EndedTask | undefined {
  return record !== undefined && record.run === task.run && isEnded(record) ? record : undefined;
}

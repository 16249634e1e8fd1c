import { type EndedTask, isEnded, type TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { resolveTasks } from "#tasks/lookup.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { toFailure } from "#base/errors.ts";
import { waitForQuestion } from "./wait-for-question.ts";
import { startTimer } from "#base/concurrency.ts";
import { logger } from "#base/log.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import type { Question } from "#domain/question.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { readEarlierMeta } from "#store/tasks/meta-file.ts";
import { isStorageFault } from "#store/storage-fault.ts";
import { taskPaths, WAKE_FILE } from "#store/store-paths.ts";

/** Condition of a wait: the end of any task or of all tasks. */
export type WaitMode = "any" | "all";

/** State of some tasks after a wait. */
export interface WaitResult {
  ended: EndedTask[];
  /** Tasks that are still queued or running. */
  unfinished: TaskRecord[];
}

/**
 * Returns the tasks with these names, which may be those of groups, in their actual state.
 * @throws AppError `unknown_task`
 */
export async function findTasks(context: AppContext, taskIds: readonly string[]): Promise<TaskRecord[]> {
  const tasks = new Map<string, TaskRecord>();
  for (const task of taskIds.flatMap((id) => resolveTasks(context, id))) {
    tasks.set(task.record.task_id, await reconcile(context, task));
  }
  return [...tasks.values()];
}

/**
 * Waits until any or all of some tasks have ended, one asks something, a time limit is reached, or `signal` aborts.
 * @param isKnown returns whether a question of a task does not end the wait
 */
export async function waitForTasks(
  context: AppContext,
  tasks: readonly TaskRecord[],
  mode: WaitMode,
  atMostMs: number,
  signal?: AbortSignal,
  isKnown: (task: TaskRecord, question: Question) => boolean = () => true,
): Promise<WaitResult> {
  const enough = new AbortController();
  const stop = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
  const waits = tasks.map((task) => waitAtMost(context, task, atMostMs, stop));
  const asking = tasks.filter(({ approvals }) => approvals === "ask");
  const asked = asking.map((task) => waitForQuestion(context, task, (question) => isKnown(task, question), stop));
  await Promise.race([mode === "any" ? Promise.race(waits) : Promise.all(waits), ...asked]);
  enough.abort();
  const now = await Promise.all(waits);
  const ended = now.filter((task) => task !== undefined);
  const ids = new Set(ended.map((task) => task.task_id));
  return { ended, unfinished: tasks.filter((task) => !isEnded(task) && !ids.has(task.task_id)) };
}

/** Interval at which the actual state of a silent task is determined, in milliseconds. */
const FALLBACK_POLL_MS = 1000;

/** Number of consecutive storage faults after which the wait fails, because the end cannot be recorded. */
const MAX_STORAGE_FAULTS = 10;

/**
 * Waits for the end of one run. After the supervisor has committed the end to the index, it wakes the watchers of the
 * task's folder, which then read the index. A slower poll determines the state of a task whose supervisor has died.
 * @throws AppError `state_unusable` if the state folder is unusable for a while (a full disk); the run continues
 */
export async function waitForTask(context: AppContext, task: TaskRecord): Promise<EndedTask> {
  const ended = await waitAtMost(context, task, Number.POSITIVE_INFINITY);
  if (ended === undefined) throw new Error("A wait without a time limit ended without a result.");
  return ended;
}

/**
 * Waits for the end of a run until a time limit or until `signal` aborts.
 * @returns undefined if the run has not ended by then
 */
export async function waitAtMost(
  context: AppContext,
  task: TaskRecord,
  atMostMs: number,
  signal?: AbortSignal,
): Promise<EndedTask | undefined> {
  if (isEnded(task)) return task;
  if (signal?.aborted === true) return undefined;
  const paths = taskPaths(context.config.home, task.task_id);
  return new Promise((resolve, reject) => {
    let isBusy = false;
    let faults = 0;
    const stop = () => {
      watch.close();
      clearInterval(safety);
      cancelTimer();
      signal?.removeEventListener("abort", expire);
    };
    const done = (record: EndedTask | undefined) => {
      stop();
      resolve(record);
    };
    const expire = () => done(undefined);
    signal?.addEventListener("abort", expire);
    const checkIndex = () => {
      try {
        const record = findTask(context.store, task.task_id)?.record;
        const ended = endedRun(record, task) ?? endedRun(readEarlierRun(record, task), task);
        if (ended !== undefined) done(ended);
      } catch (error) {
        logger("app").debug`${task.task_id} cannot be read: ${String(error)}`;
      }
    };
    const readEarlierRun = (newest: TaskRecord | undefined, { run }: TaskRecord) =>
      newest === undefined || newest.run > run ? readEarlierMeta(paths, run) : undefined;
    const checkState = async () => {
      if (isBusy) return;
      isBusy = true;
      try {
        const stored = findTask(context.store, task.task_id);
        if (stored !== undefined && stored.record.run === task.run) await reconcile(context, stored);
        faults = 0;
      } catch (error) {
        faults = isStorageFault(error) ? faults + 1 : 0;
        logger("app").warn`the state of ${task.task_id} cannot be determined: ${toFailure(error).message}`;
        if (faults >= MAX_STORAGE_FAULTS) {
          stop();
          reject(error);
        }
      } finally {
        isBusy = false;
      }
      checkIndex();
    };
    const watch = watchFolder(paths.live, (name) => name === WAKE_FILE, checkIndex);
    const safety = setInterval(() => void checkState(), FALLBACK_POLL_MS);
    const cancelTimer = startTimer(atMostMs, expire);
    checkIndex();
  });
}

function endedRun(record: TaskRecord | undefined, task: TaskRecord): EndedTask | undefined {
  return record !== undefined && record.run === task.run && isEnded(record) ? record : undefined;
}

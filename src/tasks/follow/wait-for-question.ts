import { logger } from "#base/log.ts";
import type { Question } from "#domain/question.ts";
import { openQuestions, type TaskRecord } from "#domain/record.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { taskPaths, WAKE_FILE } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";

/**
 * Waits until a run asks something new.
 * @param isKnown returns whether a question is not new
 * @param signal ends the wait; it must abort at some time, because a run may ask nothing any more
 * @returns its new questions; none if `signal` has aborted
 */
export async function waitForQuestion(
  context: AppContext,
  task: TaskRecord,
  isKnown: (question: Question) => boolean,
  signal: AbortSignal,
): Promise<readonly Question[]> {
  return whenOpen(context, task, signal, (open) => {
    const news = open.filter((question) => !isKnown(question));
    return news.length === 0 ? undefined : news;
  }).then((news) => news ?? []);
}

/** Waits until a question of a run is not open any more, or `signal` aborts. */
export async function waitUntilClosed(
  context: AppContext,
  task: TaskRecord,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  await whenOpen(context, task, signal, (open) => (open.some((question) => question.id === id) ? undefined : true));
}

/** Waits until the open questions of a run are as wanted. @returns undefined if `signal` aborts before */
async function whenOpen<Result>(
  { config, store }: AppContext,
  task: TaskRecord,
  signal: AbortSignal,
  find: (open: readonly Question[]) => Result | undefined,
): Promise<Result | undefined> {
  if (signal.aborted) return undefined;
  const { promise, resolve } = Promise.withResolvers<Result | undefined>();
  const look = () => {
    try {
      const now = findTask(store, task.task_id)?.record;
      const found = find(now === undefined || now.run !== task.run ? [] : openQuestions(now));
      if (found !== undefined) resolve(found);
    } catch (error) {
      logger("tasks").debug`${task.task_id} cannot be read: ${String(error)}`;
    }
  };
  const stop = () => resolve(undefined);
  signal.addEventListener("abort", stop, { once: true });
  const watch = watchFolder(taskPaths(config.home, task.task_id).live, (name) => name === WAKE_FILE, look);
  try {
    look();
    return await promise;
  } finally {
    watch.close();
    signal.removeEventListener("abort", stop);
  }
}

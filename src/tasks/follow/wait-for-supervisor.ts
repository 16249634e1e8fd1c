import { logger } from "#base/log.ts";
import type { FolderWatch } from "#platform/files/watch-folder.ts";
import type { TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { resolveTask } from "#tasks/lookup.ts";

/** Interval at which the task's actual state is determined while its supervisor does not answer, in milliseconds. */
const RECONCILE_INTERVAL_MS = 500;

/**
 * Waits until the supervisor of a task has answered in files or in the index. One that has died meanwhile is followed by another.
 * @param watch starts watching what the supervisor changes
 * @param find returns the answer; undefined to continue waiting. It is called at each change and twice a second
 */
export async function waitForSupervisor<Answer>(
  context: AppContext,
  { task_id }: TaskRecord,
  watch: (onChange: () => void) => FolderWatch[],
  find: () => Answer | undefined,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const check = () => {
    try {
      const answer = find();
      if (answer !== undefined) resolve(answer);
    } catch (error) {
      reject(error);
    }
  };
  const watches = watch(check);
  const poll = setInterval(() => void reconcileQuietly(context, task_id).then(check), RECONCILE_INTERVAL_MS);
  check();
  try {
    return await promise;
  } finally {
    for (const each of watches) each.close();
    clearInterval(poll);
  }
}

async function reconcileQuietly(context: AppContext, taskId: string): Promise<void> {
  try {
    await reconcile(context, resolveTask(context, taskId));
  } catch (error) {
    logger("tasks").debug`the state of ${taskId} cannot be determined: ${String(error)}`;
  }
}

import { AppError } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import type { Delivery, TaskMessage } from "#domain/message.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { postMessage, readReceipt, withdrawMessage } from "#store/tasks/inbox.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "./context.ts";
import { resolveTask } from "./lookup.ts";
import { reconcile } from "./end/reconcile.ts";
import { checkPrompt } from "./start/check-request.ts";
import { startOpenTask } from "./start/start-task.ts";

/** Message to a task: to its running turn, for its end, or instead of it. */
export interface SendRequest {
  task: string;
  message: string;
  when: TaskMessage["when"];
}

/** Outcome of a message, and the task that has it. */
export interface Sent {
  task: TaskRecord;
  /** Way in which it reached the task; `started` if the task had ended, and `task` is the next run of its session. */
  delivery: Delivery | "started";
}

/** Time in which a supervisor must take a message, in milliseconds. */
const DELIVERY_TIMEOUT_MS = 15_000;
/** Interval at which the task's actual state is determined while its supervisor does not take the message, in milliseconds. */
const RECONCILE_INTERVAL_MS = 500;

/**
 * Sends a message to a task. To a task that has ended it starts the next run of its session.
 * @throws AppError `unknown_task`, `not_steerable`, `invalid_prompt`, and as a start does
 */
export async function sendMessage(context: AppContext, { task, message, when }: SendRequest): Promise<Sent> {
  const record = await reconcile(context, resolveTask(context, task));
  if (isEnded(record)) return startNext(context, record, message);
  if (record.engine !== "app-server" && when !== "after") throw notSteerable(record);
  // The running task would fail with a text that Codex does not take.
  checkPrompt(message);
  const paths = taskPaths(context.config.home, record.task_id);
  const name = postMessage(paths, { id: crypto.randomUUID(), text: message, when });
  const { promise, resolve } = Promise.withResolvers<Delivery | undefined>();
  const check = () => {
    const delivery = readReceipt(paths, name);
    if (delivery !== undefined) return resolve(delivery);
    const now = findTask(context.store, record.task_id)?.record;
    if (now === undefined || now.run !== record.run || isEnded(now)) resolve(readReceipt(paths, name));
  };
  const watch = watchFolder(paths.inbox, (file) => file.startsWith(name), check);
  // A supervisor that has died is followed by another.
  const poll = setInterval(() => void reconcileQuietly(context, record).then(check), RECONCILE_INTERVAL_MS);
  const timer = setTimeout(() => resolve(undefined), DELIVERY_TIMEOUT_MS);
  try {
    check();
    const delivery = await promise;
    if (delivery !== undefined) return { task: record, delivery };
    // The supervisor has it, and will deliver it.
    if (!withdrawMessage(paths, name)) return { task: record, delivery: "queued" };
    const now = await reconcile(context, resolveTask(context, record.task_id));
    if (isEnded(now)) return await startNext(context, now, message);
    throw new AppError(
      "not_steerable",
      `The supervisor of ${record.task_id} did not take the message within ${DELIVERY_TIMEOUT_MS / 1000} s.`,
      "Send it again, or wait for the task (codex_wait) and resume it.",
    );
  } finally {
    watch.close();
    clearInterval(poll);
    clearTimeout(timer);
  }
}

async function reconcileQuietly(context: AppContext, record: TaskRecord): Promise<void> {
  try {
    await reconcile(context, resolveTask(context, record.task_id));
  } catch (error) {
    logger("tasks").debug`the state of ${record.task_id} cannot be determined: ${String(error)}`;
  }
}

async function startNext(context: AppContext, { task_id }: TaskRecord, message: string): Promise<Sent> {
  const request = { prompt: message, resume: task_id, mode: "dispatch" } as const;
  const task = await startOpenTask(context, request, () => Promise.resolve(process.cwd()));
  return { task, delivery: "started" };
}

function notSteerable({ task_id, status }: TaskRecord): AppError {
  const because = status === "queued" ? "it is queued" : "it runs with codex exec, which takes no message into a turn";
  return new AppError(
    "not_steerable",
    `The task ${task_id} cannot be sent this message now: ${because}.`,
    'Send it with when "after".',
  );
}

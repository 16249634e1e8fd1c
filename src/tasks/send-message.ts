import { AppError } from "#base/errors.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import type { Delivery, TaskMessage } from "#domain/message.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { findBySession } from "#store/tasks/list-tasks.ts";
import { postMessage, readDelivery, withdrawMessage } from "#store/tasks/inbox.ts";
import { type TaskPaths, taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "./context.ts";
import { resolveTask } from "./lookup.ts";
import { reconcile } from "./end/reconcile.ts";
import { waitForSupervisor } from "./follow/wait-for-supervisor.ts";
import { checkMessage } from "./start/request/check-request.ts";
import { startOpenTask } from "./start/start-task.ts";

/** Message to a task: to its running turn, for its end, or instead of it. */
export interface SendRequest {
  task: string;
  message: string;
  when: TaskMessage["when"];
  /** Name of the client that sends it, for a run that the message starts. */
  client?: string | undefined;
  /** Identity of the client that sends it: see the record's `client_key`. */
  clientKey?: string | undefined;
}

/** Outcome of a message, and the task that has it. */
export interface Sent {
  task: TaskRecord;
  /** Way in which it reaches the task; `started` if the task had ended, and `task` is the next run of its session. */
  delivery: Delivery | "started";
}

/** Time in which a supervisor must take a message, in milliseconds. */
const DELIVERY_TIMEOUT_MS = 15_000;
/** Time for a message that came after the last turn, while the run's end is being recorded, in milliseconds. */
const END_TIMEOUT_MS = 45_000;

/**
 * Sends a message to a task. To a task that has ended it starts the next run of its session.
 * @throws AppError `unknown_task`, `not_steerable`, `invalid_prompt`, and as a start does
 */
export async function sendMessage(context: AppContext, { task, ...sent }: SendRequest): Promise<Sent> {
  const { message, when } = sent;
  const record = await findRunOfSession(context, await reconcile(context, resolveTask(context, task)));
  checkMessage(context.config, record, message);
  if (isEnded(record)) return startNext(context, record, sent);
  const isQueued = record.status === "queued";
  if (isQueued && when === "instead") throw refuse(record, "it has not started, so there is no turn to replace");
  if (!isQueued && record.engine !== "app-server" && when !== "after") {
    throw refuse(record, "it runs with codex exec, which takes no message into a turn");
  }
  const paths = taskPaths(context.config.home, record.task_id);
  const id = crypto.randomUUID();
  const name = postMessage(paths, { id, text: message, when }, isQueued);
  const delivery = isQueued ? acceptForStart(context, record) : await awaitDelivery(context, record, paths, name);
  if (delivery !== undefined) return { task: record, delivery };
  const now = await reconcile(context, resolveTask(context, record.task_id));
  // The record of the end may have it.
  if (isQueued) throw unread(now);
  const isWithdrawn = withdrawMessage(paths, name);
  if (isEnded(now) && isWithdrawn) return startNext(context, now, sent);
  // The supervisor took it meanwhile.
  if (!isEnded(now) && !isWithdrawn) return { task: record, delivery: readDelivery(paths, name) ?? "queued" };
  const isRead = isEnded(now) && now.messages?.some((each) => each.id === id && each.state === "delivered");
  if (isRead === true) return { task: now, delivery: readDelivery(paths, name) ?? "queued" };
  throw isEnded(now) ? unread(now) : unanswered(context, record);
}

/** Returns `queued` if a task is still queued: it gets the message with its first turn. */
function acceptForStart(context: AppContext, { task_id, run }: TaskRecord): Delivery | undefined {
  const now = findTask(context.store, task_id)?.record;
  return now?.run === run && !isEnded(now) ? "queued" : undefined;
}

/** Waits until the supervisor has said how it delivers a message. @returns undefined if it does not, or the task has ended */
async function awaitDelivery(
  context: AppContext,
  record: TaskRecord,
  paths: TaskPaths,
  name: string,
): Promise<Delivery | undefined> {
  const started = performance.now();
  const watch = (onChange: () => void) => [watchFolder(paths.inbox, (file) => file.startsWith(name), onChange)];
  const { delivery } = await waitForSupervisor(context, record, watch, () => {
    const announced = readDelivery(paths, name);
    if (announced !== undefined) return { delivery: announced };
    const now = findTask(context.store, record.task_id);
    if (now?.record.run !== record.run || isEnded(now.record)) return { delivery: readDelivery(paths, name) };
    const timeoutMs = now.codexEnd === undefined ? DELIVERY_TIMEOUT_MS : END_TIMEOUT_MS;
    return performance.now() - started > timeoutMs ? { delivery: undefined } : undefined;
  });
  return delivery;
}

/** Returns the unfinished run of a task's session, which has continued the task; the task itself if there is none. */
async function findRunOfSession(context: AppContext, record: TaskRecord): Promise<TaskRecord> {
  const sessionId = isEnded(record) ? (record.session_id ?? record.resumes) : undefined;
  const newest = sessionId === undefined ? undefined : findBySession(context.store, sessionId);
  if (newest === undefined) return record;
  const next = await reconcile(context, newest);
  return isEnded(next) ? record : next;
}

/** Starts the next run of a task's session. If another message starts it at this moment, that run gets this one. */
async function startNext(context: AppContext, ended: TaskRecord, sent: Omit<SendRequest, "task">): Promise<Sent> {
  const { message: prompt, client, clientKey } = sent;
  const request = { prompt, resume: ended.task_id, mode: "dispatch", client, clientKey } as const;
  try {
    const task = await startOpenTask(context, request, () => Promise.resolve(process.cwd()));
    return { task, delivery: "started" };
  } catch (error) {
    const next = await findRunOfSession(context, ended);
    if (next === ended || !(error instanceof AppError) || !CONFLICTS.has(error.code)) throw error;
    return sendMessage(context, { task: next.task_id, ...sent });
  }
}

/** Codes of a start that is refused because of another run. */
const CONFLICTS: ReadonlySet<string> = new Set(["session_busy", "task_running", "worktree_busy"]);

function refuse({ task_id }: TaskRecord, because: string): AppError {
  return new AppError(
    "not_steerable",
    `The task ${task_id} cannot be sent this message now: ${because}.`,
    'Send it with when "after".',
  );
}

function unread({ task_id, status }: TaskRecord): AppError {
  return new AppError(
    "not_steerable",
    `The task ${task_id} is ${status}; Codex did not read the message.`,
    "Send it again: it starts the next run of the session.",
  );
}

function unanswered({ store }: AppContext, { task_id }: TaskRecord): AppError {
  const isEnding = findTask(store, task_id)?.codexEnd !== undefined;
  return new AppError(
    "not_steerable",
    isEnding ? `The last turn of ${task_id} has ended.` : `The supervisor of ${task_id} did not take the message.`,
    isEnding
      ? "Wait for the task (codex_wait) and send it again."
      : "Send it again, or look at the task (codex_status).",
  );
}

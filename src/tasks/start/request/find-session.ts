import { AppError } from "#base/errors.ts";
import { shorten } from "#base/text.ts";
import { findSessionFile } from "#codex/run/session-file.ts";
import type { TopicDraft } from "#domain/free-topic.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { findTopic, type Topic } from "#domain/topic.ts";
import { findBySession } from "#store/tasks/list-tasks.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import type { AppContext } from "#tasks/context.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { findNamedTask, resolveTask } from "#tasks/lookup.ts";

/** Parts of a request that come from a resumed task. */
export interface Resumed {
  record?: TaskRecord;
  sessionId: string;
  topic?: TopicDraft;
}

/**
 * Finds what a request to resume names.
 * @throws AppError `unknown_task`, `unknown_session`, `task_running`
 */
export async function findResumed(context: AppContext, text: string): Promise<Resumed> {
  const named = findTaskOrSession(context, text);
  if ("session" in named) return { sessionId: named.session };
  const record = await reconcile(context, named);
  if (!isEnded(record)) throw stillRunning(record);
  const topic = findTopic(record.topic);
  return { record, sessionId: sessionOf(named), ...(topic !== undefined && { topic: nextVersion(topic) }) };
}

/**
 * Finds what a text names: a task, by its id, its topic, the beginning of either or its session, or a session that is no task's.
 * @throws AppError `unknown_task`, `unknown_session`
 */
export function findTaskOrSession(context: AppContext, text: string): StoredTask | { session: string } {
  const name = withSessionCase(text);
  const stored = findNamedTask(context, name) ?? findBySession(context.store, name);
  if (stored !== undefined) return stored;
  if (findSessionFile(context.config.codexHome, name) !== undefined) return { session: name };
  if (SESSION_ID.test(name)) throw noSession(name);
  // The beginning of a task's name. If there is none, the error names the nearest tasks.
  return resolveTask(context, name);
}

function nextVersion({ type, description }: Topic): TopicDraft {
  return { type, description, version: undefined };
}

function stillRunning({ task_id, status }: TaskRecord): AppError {
  return new AppError(
    "task_running",
    `The task ${task_id} is still ${status}.`,
    `Wait for it (codex_wait with task_ids ["${task_id}"]) or stop it (codex_cancel), then resume it.`,
  );
}

function sessionOf({ record, sessionId }: StoredTask): string {
  const session = ("session_id" in record ? record.session_id : undefined) ?? sessionId ?? record.resumes;
  if (session !== undefined) return session;
  throw new AppError(
    "unknown_session",
    `The task ${record.task_id} has no Codex session: it ended before Codex had started one.`,
    "Start the task again without resume.",
  );
}

/** Codex takes any other text for the name of a new session, and would silently start without the old context. */
const SESSION_ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Returns a session id as Codex writes it, and other texts unchanged. */
function withSessionCase(text: string): string {
  return SESSION_ID.test(text) ? text.toLowerCase() : text;
}

/**
 * Returns the session that a text means: a task's, if it names one.
 * @throws AppError `unknown_session`, `unknown_task`
 */
export function resolveSession(context: AppContext, text: string): string | undefined {
  const id = withSessionCase(text.trim());
  if (id === "") return undefined;
  const task = findNamedTask(context, id);
  if (task !== undefined) return sessionOf(task);
  if (SESSION_ID.test(id) || findBySession(context.store, id) !== undefined) return id;
  if (findSessionFile(context.config.codexHome, id) !== undefined) return id;
  throw noSession(id);
}

function noSession(name: string): AppError {
  return new AppError(
    "unknown_session",
    `"${shorten(name, 200)}" is neither a Codex session nor a task.`,
    "Resume an earlier task, or start a new session.",
  );
}

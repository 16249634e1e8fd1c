import { AppError } from "#base/errors.ts";
import { findLineage } from "#codex/run/session-lineage.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import type { AppContext } from "#tasks/context.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { findTaskOrSession } from "#tasks/start/request/find-session.ts";

/** Task or session that a task begins as a copy of. */
export interface ForkParent {
  /** The task; undefined for a session that is no task's. */
  record?: TaskRecord;
  /** Session that is copied. */
  sessionId: string;
}

/** Parts of a request that a copy of a task excludes. */
interface ForkRequest {
  fork?: string | undefined;
  resume?: string | undefined;
  sessionId?: string | undefined;
  base?: string | undefined;
  includeUncommitted?: boolean | undefined;
}

/**
 * Checks that a request for a copy does not ask for another session or another base, too.
 * @throws AppError `invalid_argument`
 */
export function checkForkAlone({ fork, resume, sessionId, base, includeUncommitted }: ForkRequest): void {
  if (!fork?.trim()) return;
  const others = {
    resume: Boolean(resume?.trim()),
    session_id: Boolean(sessionId?.trim()),
    base: Boolean(base),
    include_uncommitted: includeUncommitted === true,
  };
  const [name] = Object.entries(others).find(([, isGiven]) => isGiven) ?? [];
  if (name === undefined) return;
  const why = name.startsWith("resume") || name === "session_id" ? "session" : "worktree";
  throw new AppError(
    "invalid_argument",
    `fork and ${name} cannot be combined: a fork starts from the ${why} of its task.`,
    "Pass only one of them.",
  );
}

/**
 * Finds the task or session that a request names to be copied. It may be running.
 * @throws AppError `unknown_task`, `unknown_session`, `task_running`
 */
export async function findForkParent(context: AppContext, text: string): Promise<ForkParent> {
  const named = findTaskOrSession(context, text);
  if ("session" in named) {
    checkRecords(context, undefined, named.session);
    return { sessionId: named.session };
  }
  const record = await reconcile(context, named);
  if (!isEnded(record) && "readonly_fallback" in record) throw isPrivate(record);
  const ofRun = isEnded(record) ? record.session_id : undefined;
  const sessionId = ofRun ?? findTask(context.store, record.task_id)?.sessionId ?? record.resumes;
  if (sessionId === undefined) throw withoutSession(record);
  checkRecords(context, record, sessionId);
  return { record, sessionId };
}

/** Returns what is unusual about a copy of a task that is running. */
export function describeRunningParent(parent: TaskRecord | undefined): string | undefined {
  if (parent?.status !== "running") return undefined;
  return `The task ${parent.task_id} was running when it was copied: the copy has its session and its files as they were then, and its last turn as interrupted.`;
}

/** Checks that all records are there which Codex needs to copy a session. */
function checkRecords({ config }: AppContext, record: TaskRecord | undefined, sessionId: string): void {
  const { missing } = findLineage(config.codexHome, sessionId);
  if (missing === undefined) return;
  if (record !== undefined && !isEnded(record)) throw withoutSession(record);
  const of = record === undefined ? `session ${sessionId}` : `task ${record.task_id}`;
  const which = missing === sessionId ? missing : `${missing}, which it was copied from`;
  throw new AppError(
    "unknown_session",
    `The ${of} cannot be copied: Codex's record of the session ${which} does not exist.`,
    "Start a new task, or fork one whose session exists in this CODEX_HOME.",
  );
}

function withoutSession(record: TaskRecord): AppError {
  if (isEnded(record)) {
    return new AppError(
      "unknown_session",
      `The task ${record.task_id} has no Codex session: it ended before Codex had started one.`,
      "Start the task again without fork.",
    );
  }
  return new AppError(
    "task_running",
    `The task ${record.task_id} is ${record.status} and has not begun its session yet.`,
    "Fork it when Codex has begun to work (codex_status shows its events).",
  );
}

function isPrivate({ task_id }: TaskRecord): AppError {
  return new AppError(
    "task_running",
    `The task ${task_id} is still running: under the read-only fallback, its session can be copied only afterwards.`,
    `Wait for it (codex_wait with task_ids ["${task_id}"]), then fork it.`,
  );
}

import { now } from "#platform/clock.ts";
import type { Failure } from "#base/errors.ts";
import {
  elapsedSeconds,
  type CancelledTask,
  type FailedTask,
  type QueuedTask,
  type RunFacts,
  type RunningTask,
  type TaskRequest,
} from "#domain/record.ts";

/** Failure of a cancelled task, which has no result. */
export const CANCELLED: Failure = {
  code: "cancelled",
  message: "The task was cancelled.",
  hint: "Call codex with resume to continue the task; files, worktree and branch are kept.",
};

/** Failure of a task that needs an app-server where none can be used. */
export const WITHOUT_APP_SERVER: Failure = {
  code: "engine_needed",
  message: "Codex's app-server could not be used, and without it the task can neither ask nor pursue a goal.",
  hint: "Update Codex to 0.153 or newer, or start the task without approvals and goal.",
};

/** Returns whether a task cannot be done with `codex exec`. */
export function needsAppServer({ approvals, goal }: TaskRequest): boolean {
  return approvals === "ask" || goal !== undefined;
}

/** Returns the record of a task that a failure has ended; its status is cancelled if the failure is a cancel. */
export function toEndedTask(
  { code, message, hint }: Failure,
  task: QueuedTask | RunningTask,
  facts: RunFacts = { end_time: now(), elapsed_seconds: elapsedSeconds(task) },
): FailedTask | CancelledTask {
  const status = code === "cancelled" ? "cancelled" : "failed";
  return { ...withoutQuestions(task), ...facts, status, error: message, code, hint };
}

/** Returns a record without its open questions and what it waits for: whatever has ended asks nothing. */
export function withoutQuestions(task: QueuedTask | RunningTask): TaskRequest {
  const { waiting_for: _waits, ...own } = task;
  if (own.status === "queued") return own;
  const { questions: _questions, ...rest } = own;
  return rest;
}

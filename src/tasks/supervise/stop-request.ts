import type { Failure } from "#base/errors.ts";
import { CANCELLED } from "#tasks/supervise/finish/end-record.ts";

/** Request to end a run, with the reason; the first reason counts. It is noticed in every phase of a run. */
export interface StopRequest {
  requested: Promise<Failure>;
  request: (reason: Failure) => void;
  /** Aborts when a stop is requested. */
  signal: AbortSignal;
}

/** Facts needed to interpret SIGTERM and SIGHUP. */
export interface StopContext {
  isCancelRequested: () => boolean;
  /** Reports, after a SIGHUP, whether tmux has died, as opposed to the user having ended its session. */
  hasPaneCrashed: () => Promise<boolean>;
}

/**
 * Listens for requests to end a run. A cancel is recorded in the index, the task's folder is woken and, if possible,
 * SIGTERM is sent. The handlers are never removed: a late signal must not end this process before it has written the
 * run's record.
 */
export function listenForCancel(facts: StopContext): StopRequest {
  const { promise: requested, resolve } = Promise.withResolvers<Failure>();
  const stopping = new AbortController();
  const request = (reason: Failure) => {
    resolve(reason);
    stopping.abort();
  };
  process.on("SIGTERM", () => request(facts.isCancelRequested() ? CANCELLED : terminatedFailure()));
  // Ctrl-C in the pane.
  process.on("SIGINT", () => request(CANCELLED));
  process.on("SIGHUP", async () => {
    // When a tmux server is killed, the pane ends but the run continues.
    if (!(await facts.hasPaneCrashed())) request(CANCELLED);
  });
  return { requested, request, signal: stopping.signal };
}

/** Returns the failure for a SIGTERM without a cancel: the machine is shutting down, or a user ended the process. */
function terminatedFailure(): Failure {
  return {
    code: "killed_by_signal",
    message: "The task was ended by a SIGTERM that this server did not send; the machine may have been shut down.",
    hint: "Call codex with resume to continue the task.",
  };
}

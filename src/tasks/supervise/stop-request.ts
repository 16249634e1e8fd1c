import type { Failure } from "#base/errors.ts";
import { CANCELLED } from "./end-record.ts";

/** That a run is to be ended, and why: the first reason counts. It is heard in every phase of a run. */
export interface StopRequest {
  asked: Promise<Failure>;
  ask: (reason: Failure) => void;
  /** Aborts when it is asked for. */
  signal: AbortSignal;
}

/** What tells the meanings of a signal apart. */
export interface StopSigns {
  isCancelRequested: () => boolean;
  /** After a SIGHUP: whether tmux has died, and not the user ended its session. */
  hasPaneCrashed: () => Promise<boolean>;
}

/**
 * Listens for what ends a run: a cancel is noted in the index, the task's folder is woken, and, where that is
 * possible, SIGTERM is sent. It listens for ever: a signal that comes late must not end this process before it has
 * written the run's record.
 */
export function listenForCancel(signs: StopSigns): StopRequest {
  const { promise: asked, resolve } = Promise.withResolvers<Failure>();
  const stopping = new AbortController();
  const ask = (reason: Failure) => {
    resolve(reason);
    stopping.abort();
  };
  process.on("SIGTERM", () => ask(signs.isCancelRequested() ? CANCELLED : terminatedFailure()));
  // Ctrl-C in the pane.
  process.on("SIGINT", () => ask(CANCELLED));
  process.on("SIGHUP", async () => {
    // A tmux server that was killed takes the pane, not the run.
    if (!(await signs.hasPaneCrashed())) ask(CANCELLED);
  });
  return { asked, ask, signal: stopping.signal };
}

/** Nobody asked this server for it: the machine goes down, or somebody ended the process by hand. */
function terminatedFailure(): Failure {
  return {
    code: "killed_by_signal",
    message: "The task was ended by SIGTERM, which this server did not send: the machine may have been shut down.",
    hint: "Run its session_id under the next version of the topic to go on.",
  };
}

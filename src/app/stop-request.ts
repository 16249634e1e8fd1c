import type { Failure } from "#lib/errors.ts";
import { cancelledFailure } from "./cancelled.ts";

/** That a run is to be ended, and why: the first reason counts. */
export interface StopRequest {
  asked: Promise<Failure>;
  ask: (reason: Failure) => void;
}

/** A cancel comes as SIGTERM; SIGHUP: the user ended the tmux session; SIGINT: Ctrl-C in its pane. */
const CANCEL_SIGNALS = ["SIGTERM", "SIGHUP", "SIGINT"] as const;

/**
 * Listens for a cancel. It never ends: a signal that comes late must not end this process before
 * it has written the run's record.
 */
export function listenForCancel(): StopRequest {
  const { promise: asked, resolve: ask } = Promise.withResolvers<Failure>();
  for (const signal of CANCEL_SIGNALS) process.on(signal, () => ask(asFailure(cancelledFailure())));
  return { asked, ask };
}

/** The failure that a task's record tells of. */
export function asFailure({ error, code, hint }: ReturnType<typeof cancelledFailure>): Failure {
  return { message: error, code, hint };
}

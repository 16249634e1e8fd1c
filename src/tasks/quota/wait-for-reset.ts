/** Longest interval at which the clock is read, in milliseconds: after a sleep of the machine, the reset may be over. */
const POLL_INTERVAL_MS = 1000;

/** Largest delay after a reset, in milliseconds, so that tasks that wait for the same one do not all continue at the same moment. */
const MAX_JITTER_MS = 2000;

/** Conditions of a wait for the reset of a limit. */
export interface ResetWait {
  /** Time of the reset, in milliseconds since 1970. */
  until: number;
  /** Returns whether the limit does not apply any more, for example because another account is used. */
  isForgotten: () => boolean;
  signal: AbortSignal;
  /** Returns the time of day in milliseconds since 1970. */
  clock?: () => number;
}

/**
 * Waits until a limit is reset. The wait counts time of day, also while the machine sleeps, and does not keep this process alive.
 * @returns false if `signal` aborts before
 */
export async function waitForReset({ until, isForgotten, signal, clock = Date.now }: ResetWait): Promise<boolean> {
  const jitterMs = (0.1 + 0.9 * Math.random()) * MAX_JITTER_MS;
  while (!signal.aborted) {
    const leftMs = until + jitterMs - clock();
    if (leftMs <= 0 || isForgotten()) return true;
    // oxlint-disable-next-line no-await-in-loop -- one step after the other
    await pause(Math.min(leftMs, POLL_INTERVAL_MS), signal);
  }
  return false;
}

/** Waits for some time, or until a signal aborts. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  timer.unref();
  const stop = () => resolve();
  signal.addEventListener("abort", stop, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
}

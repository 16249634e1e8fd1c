import { ranMsSince } from "#platform/clock.ts";
import { HEARTBEAT_MS, readHeartbeat, writeHeartbeat } from "#store/locks/heartbeat.ts";
import type { TaskPaths } from "#store/store-paths.ts";
import type { Failure } from "#base/errors.ts";
import type { RunState } from "#codex/run/run-state.ts";
import type { RunningTask } from "#domain/record.ts";

/** Interval at which time is counted and limits are checked, in milliseconds. */
export const TICK_MS = 500;

/** Longest time that one tick counts, in milliseconds. In a longer pause the machine slept, or this process was stopped. */
const MAX_TICK_MS = 2000;

/**
 * Counts the time of a run for its limits: only time in which its supervisor ran, independent of the wall clock. Writes
 * a heartbeat to the task's folder, from which the next supervisor continues to count.
 */
export class RunClock {
  readonly #paths: TaskPaths;
  readonly #timer: Timer;
  #lastTick = performance.now();
  #lastSign = Number.NEGATIVE_INFINITY;
  #countedMs: number;

  /** @param countedMs milliseconds that an earlier supervisor has counted for the run */
  constructor(paths: TaskPaths, countedMs = 0) {
    this.#paths = paths;
    this.#countedMs = countedMs;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  /**
   * Continues from the last heartbeat of a supervisor that died. Time since then in which the machine was running counts,
   * because Codex was running, too.
   */
  static adopt(paths: TaskPaths): RunClock {
    const sign = readHeartbeat(paths);
    return new RunClock(paths, sign === undefined ? 0 : sign.counted_ms + (ranMsSince(sign.clock) ?? 0));
  }

  /** Milliseconds counted so far. */
  get countedMs(): number {
    return this.#countedMs + Math.min(performance.now() - this.#lastTick, MAX_TICK_MS);
  }

  /** Starts counting from zero, for example after a wait in the queue. */
  restart(): void {
    this.#countedMs = 0;
    this.#lastTick = performance.now();
    this.#lastSign = Number.NEGATIVE_INFINITY;
    this.#tick();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const tick = performance.now();
    this.#countedMs += Math.min(tick - this.#lastTick, MAX_TICK_MS);
    this.#lastTick = tick;
    if (tick - this.#lastSign < HEARTBEAT_MS) return;
    this.#lastSign = tick;
    writeHeartbeat(this.#paths, this.#countedMs);
  }
}

const LIMIT_HINT = "Call codex with resume to continue the task, with a higher limit if it needs one.";

/** Returns the failure of a run that has reached its time limit; undefined if it has not. */
export function reachedTotalLimit({ timeout_seconds }: RunningTask, clock: RunClock): Failure | undefined {
  if (timeout_seconds === 0 || clock.countedMs <= timeout_seconds * 1000) return undefined;
  const message = `The run was ended after timeout_seconds (${timeout_seconds} s).`;
  return { code: "timeout", message, hint: LIMIT_HINT };
}

/** Returns the failure of a run that has made no progress for too long; `lastProgressAt` is a time of the same clock. */
export function reachedIdleLimit(
  { idle_timeout_seconds }: RunningTask,
  clock: RunClock,
  log: {
    lastProgressAt: number;
    state: Pick<RunState, "isWaitingForNetwork" | "isInterrupted" | "openQuestions" | "isChecking" | "quotaUntil">;
  },
): Failure | undefined {
  const { openQuestions, isChecking, quotaUntil } = log.state;
  // It waits for people, for its check, or for its quota, which have limits of their own.
  if (openQuestions.length > 0 || isChecking || quotaUntil !== undefined) return undefined;
  if (idle_timeout_seconds === 0 || clock.countedMs - log.lastProgressAt <= idle_timeout_seconds * 1000) {
    return undefined;
  }
  if (log.state.isInterrupted) return interruptedFailure(idle_timeout_seconds);
  const why = log.state.isWaitingForNetwork ? "; it was waiting for the network" : "";
  const message = `The run was ended because Codex reported nothing for idle_timeout_seconds (${idle_timeout_seconds} s)${why}.`;
  return { code: "idle_timeout", message, hint: LIMIT_HINT };
}

/** Returns the failure of a run that a person interrupted, if no message followed. */
function interruptedFailure(waitedSeconds: number): Failure {
  const message = `The turn was interrupted by a person who had joined the task, and no message followed within idle_timeout_seconds (${waitedSeconds} s).`;
  return { code: "interrupted", message, hint: "Ask the user why, or call codex with resume to continue the task." };
}

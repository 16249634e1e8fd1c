import { ranMsSince } from "#platform/clock.ts";
import { HEARTBEAT_MS, readHeartbeat, writeHeartbeat } from "#store/locks/heartbeat.ts";
import type { TaskPaths } from "#store/store-paths.ts";
import type { Failure } from "#base/errors.ts";
import type { RunningTask } from "#domain/record.ts";

/** How often time is counted, and limits are looked at. */
export const TICK_MS = 500;

/** A longer pause between two ticks was none of the run's time: the machine slept, or this process was stopped. */
const MAX_TICK_MS = 2000;

/**
 * Counts the time of a run for its limits: only time in which its supervisor ran, whatever the wall clock says. Leaves a sign
 * of life in the task's folder, from which the next supervisor counts on.
 */
export class RunClock {
  readonly #paths: TaskPaths;
  readonly #timer: Timer;
  #lastTick = performance.now();
  #lastSign = Number.NEGATIVE_INFINITY;
  #countedMs: number;

  /** @param countedMs what has been counted of the run by an earlier supervisor */
  constructor(paths: TaskPaths, countedMs = 0) {
    this.#paths = paths;
    this.#countedMs = countedMs;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  /** Goes on where a supervisor that has died stopped counting; the machine ran since, and with it Codex. */
  static adopt(paths: TaskPaths): RunClock {
    const sign = readHeartbeat(paths);
    return new RunClock(paths, sign === undefined ? 0 : sign.counted_ms + (ranMsSince(sign.clock) ?? 0));
  }

  /** Milliseconds that count so far. */
  get countedMs(): number {
    return this.#countedMs + Math.min(performance.now() - this.#lastTick, MAX_TICK_MS);
  }

  /** Counts from now on, e.g. after a wait in the queue. */
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

const LIMIT_HINT =
  "Run its session_id under the next version of the topic to go on, with a higher limit if it needs one.";

/** Says why a run is over that has taken all the time that it was given; undefined where it has not. */
export function reachedTotalLimit({ timeout_seconds }: RunningTask, clock: RunClock): Failure | undefined {
  if (timeout_seconds === 0 || clock.countedMs <= timeout_seconds * 1000) return undefined;
  const message = `The run was ended after timeout_seconds (${timeout_seconds} s).`;
  return { code: "timeout", message, hint: LIMIT_HINT };
}

/** Says why a run is over of which nothing new was heard; `lastProgressAt` is a moment of the same clock. */
export function reachedIdleLimit(
  { idle_timeout_seconds }: RunningTask,
  clock: RunClock,
  log: { lastProgressAt: number; state: { isWaitingForNetwork: boolean } },
): Failure | undefined {
  if (idle_timeout_seconds === 0 || clock.countedMs - log.lastProgressAt <= idle_timeout_seconds * 1000) {
    return undefined;
  }
  const why = log.state.isWaitingForNetwork ? "; it was waiting for the network" : "";
  const message = `The run was ended because Codex had reported nothing new for ${idle_timeout_seconds} s${why}.`;
  return { code: "idle_timeout", message, hint: LIMIT_HINT };
}

import { findReset } from "#codex/quota/find-reset.ts";
import { readSessionLimits } from "#codex/quota/session-limits.ts";
import { LogWriter } from "#codex/engines/log-writer.ts";
import { isRateLimit } from "#codex/run/failure.ts";
import { foldLog } from "#codex/run/run-log.ts";
import type { QuotaState, RunState } from "#codex/run/run-state.ts";
import { shorten } from "#base/text.ts";
import type { EndedTurn, FollowUp, FollowUps } from "#domain/follow-up.ts";
import type { AccountLimits } from "#domain/limits.ts";
import { runIdOf } from "#domain/names.ts";
import type { RunningTask } from "#domain/record.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";
import type { RunContext } from "#tasks/supervise/supervise-run.ts";
import {
  findReachedLimit,
  forgetLimitBefore,
  MAX_QUOTA_MESSAGE,
  recordAccountLimits,
  recordReachedLimit,
} from "./account-limits.ts";
import { waitForReset } from "./wait-for-reset.ts";

/** Longest pause before a turn that may reach the same limit again, in seconds; the first is one second, and each further one twice as long. */
const MAX_PAUSE_SECONDS = 60;

/** Text of the turn that follows a wait. Codex has kept the prompt, even of a turn that reached the limit with its first request. */
const CONTINUE = "Continue: a usage limit had ended your turn, and it is expected to be reset.";

/**
 * Source of a further turn of a run whose turn a limit of the account has ended: it waits until the limit is reset. The run's log says that it
 * waits, so that a later supervisor waits for the rest.
 */
export class QuotaWaits implements FollowUps {
  readonly #context: AppContext;
  readonly #task: RunningTask;
  readonly #around: Pick<RunContext, "stop" | "clock">;
  readonly #given = new Set<string>();
  /** Time at which the last turn began, in milliseconds since 1970. */
  #turnBegan: number;

  constructor(context: AppContext, task: RunningTask, around: Pick<RunContext, "stop" | "clock">) {
    this.#context = context;
    this.#task = task;
    this.#around = around;
    this.#turnBegan = Date.parse(task.running_since ?? task.start_time);
  }

  async next({ isCompleted, isInterrupted = false, isLast = false }: EndedTurn): Promise<FollowUp | undefined> {
    const { config } = this.#context;
    const reported = this.#readLimits();
    if (reported !== undefined) recordAccountLimits(config, this.#task, reported);
    if (isCompleted) forgetLimitBefore(config, this.#task, this.#turnBegan);
    this.#turnBegan = Date.now();
    if (isCompleted || isInterrupted || isLast) return undefined;
    const { terminal, quota } = await foldLog(this.#task.log_file);
    if (terminal?.kind !== "failed" || !isRateLimit(terminal.message)) return undefined;
    if (quota.pending !== undefined) return this.#wait(quota.waits, Date.parse(quota.pending.until));
    const until = this.#begin(terminal.message, reported, quota);
    return until === undefined ? undefined : this.#wait(quota.waits + 1, until);
  }

  started(): void {
    this.#turnBegan = Date.now();
  }

  /**
   * Records the limit that a turn has reached, and begins to wait for its reset.
   * @returns the end of the wait; undefined if the reset is unknown, or later than the run may wait
   */
  #begin(
    message: string,
    reported: AccountLimits | undefined,
    { waits, seconds: waited }: QuotaState,
  ): number | undefined {
    const { config } = this.#context;
    const now = Date.now();
    const reset = findReset(message, reported, now);
    if (reset === undefined) return undefined;
    recordReachedLimit(config, this.#task, toTime(reset), message);
    const until = Math.max(reset, now + 1000 * Math.min(2 ** waits, MAX_PAUSE_SECONDS));
    const seconds = (until - now) / 1000;
    const { timeout_seconds: timeout } = this.#task;
    const isInTime = timeout === 0 || this.#around.clock.countedMs / 1000 + seconds < timeout;
    if (!isInTime || waited + seconds > config.quotaWaitSeconds) return undefined;
    const event = {
      type: "quota.waiting",
      until: toTime(until),
      message: shorten(message, MAX_QUOTA_MESSAGE),
      seconds,
    };
    new LogWriter(this.#task.log_file).write([event]);
    return until;
  }

  async #wait(number: number, until: number): Promise<FollowUp | undefined> {
    const id = `${runIdOf(this.#task)}-quota-${number}`;
    // Its turn did not begin.
    if (this.#given.has(id)) return undefined;
    const isNoted = () => findReachedLimit(this.#context.config, this.#task) !== undefined;
    const wasNoted = isNoted();
    const isForgotten = () => wasNoted && !isNoted();
    const { signal } = this.#around.stop;
    if (!(await waitForReset({ until, isForgotten, signal }))) return undefined;
    new LogWriter(this.#task.log_file).write([{ type: "quota.over" }]);
    this.#given.add(id);
    return { id, text: CONTINUE };
  }

  /** Returns what Codex reported of the account's limits in the run's session. */
  #readLimits(): AccountLimits | undefined {
    const { config, store } = this.#context;
    const { task_id } = this.#task;
    const sessionId = findTask(store, task_id)?.sessionId;
    if (sessionId === undefined) return undefined;
    // Under the read-only fallback, the run has its own CODEX_HOME.
    return readSessionLimits([taskPaths(config.home, task_id).codexHome, config.codexHome], sessionId);
  }
}

/** Returns whether a run whose Codex has ended is to wait for its quota, or waited for it when its supervisor died. */
export function mayWaitForQuota({ quotaWaitSeconds }: AppContext["config"], { terminal, quota }: RunState): boolean {
  if (terminal?.kind !== "failed" || !isRateLimit(terminal.message)) return false;
  // A wait that has begun does not depend on the settings of the process that finds it.
  if (quota.pending !== undefined) return true;
  return quotaWaitSeconds > 0 && findReset(terminal.message, undefined, Date.now()) !== undefined;
}

function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

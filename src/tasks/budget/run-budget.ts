import type { Failure } from "#base/errors.ts";
import { ownUsage, NO_EVENTS, type RunState } from "#codex/run/run-state.ts";
import type { RunningTask } from "#domain/record.ts";
import { laterUsage, type Usage } from "#domain/usage.ts";
import { recordTokenUse } from "#store/token-use.ts";
import type { AppContext } from "#tasks/context.ts";
import { readSessionTokensOf, readUsageBefore } from "#tasks/session-usage.ts";
import type { StopRequest } from "#tasks/supervise/stop-request.ts";
import { tryTo } from "#tasks/supervise/try-to.ts";
import { InFlightWork } from "./in-flight-work.ts";
import { hasLimit, reachedDayLimit, reachedRunLimit } from "./token-limits.ts";

/** Intervals at which the tokens of a run are read from Codex's record and written to the index, in milliseconds. */
interface Intervals {
  read: number;
  write: number;
}

const WITH_LIMIT: Intervals = { read: 1000, write: 2000 };
/** Intervals for runs without a limit: their tokens count for the day of servers that have one. */
const WITHOUT_LIMIT: Intervals = { read: 5000, write: 10_000 };

/** Time in which a turn whose last answer has used up the tokens may end by itself, in milliseconds. */
const TURN_END_GRACE_MS = 1000;

/**
 * Follows the tokens of a run, records them for the day, and requests a stop at the first safe point after a limit is reached: when no
 * command, patch or tool of Codex is at work.
 */
export class RunBudget {
  readonly #context: AppContext;
  readonly #task: RunningTask;
  readonly #stop: StopRequest;
  readonly #intervals: Intervals;
  readonly #clock: () => number;
  readonly #work = new InFlightWork();
  #state: RunState = NO_EVENTS;
  #usage: Usage | undefined;
  /** Tokens of the session before the run. */
  #before: Usage | undefined;
  #newsAt = Number.NEGATIVE_INFINITY;
  #readAt = Number.NEGATIVE_INFINITY;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #dayReadAt = Number.NEGATIVE_INFINITY;
  #written: Usage | undefined;
  #reachedDay: Failure | undefined;
  /** Time since which the limit has been reached and the turn may end by itself. */
  #quietSince: number | undefined;
  /** Whether work has ended since the last answer that was counted, so that the model is being asked again, and the turn does not end. */
  #isAsking = false;
  /** Number of answers after the one with which the limit was reached. */
  #furtherAnswers = 0;

  /** @param clock returns milliseconds since any fixed moment */
  constructor(context: AppContext, task: RunningTask, stop: StopRequest, clock = () => performance.now()) {
    this.#context = context;
    this.#task = task;
    this.#stop = stop;
    this.#clock = clock;
    this.#intervals = hasLimit(context.config, task) ? WITH_LIMIT : WITHOUT_LIMIT;
  }

  /** Takes the state of a run after new events. */
  follow(state: RunState): void {
    if (state === this.#state) return;
    this.#newsAt = this.#clock();
    const before = this.#state;
    this.#state = state;
    this.#work.update(state.inFlight);
    this.#take(state.sessionUsage);
    if (state.lastMessage !== before.lastMessage) this.#expectTurnEnd();
    const hasEnded = before.inFlight.some((id) => !state.inFlight.includes(id));
    const isCounted = state.sessionUsage !== before.sessionUsage;
    // Otherwise the work may have ended before an answer that Codex's record has already counted, and that may be the last.
    if (isCounted || (hasEnded && this.#quietSince !== undefined)) this.#isAsking = state.hasEndedWork;
    this.check();
  }

  /** Reads and records what is due, and requests a stop if a limit is reached and this is a safe point. */
  check(): void {
    this.#read();
    this.#write(false);
    const reached = reachedRunLimit(this.#task, this.#usage) ?? this.#findReachedDay();
    if (reached === undefined) {
      this.#quietSince = undefined;
      this.#furtherAnswers = 0;
      return;
    }
    this.#quietSince ??= this.#clock();
    if (this.#isSafePoint(this.#quietSince)) this.#stop.request(reached);
  }

  /** Records the tokens at the end of the run. */
  close(): void {
    this.#write(true);
  }

  /**
   * Takes the tokens of the session.
   * @param at time at which they were counted, in milliseconds since 1970
   * @returns whether they are new
   */
  #take(session: Usage | undefined, at = Date.now()): boolean {
    if (session === undefined) return false;
    const usage = laterUsage(this.#usage, ownUsage(session, this.#findBefore()));
    if (usage === this.#usage || Bun.deepEquals(usage, this.#usage)) return false;
    this.#usage = usage;
    this.#work.countAnswer(Number.isNaN(at) ? Date.now() : at);
    this.#expectTurnEnd();
    if (this.#quietSince !== undefined) this.#furtherAnswers++;
    return true;
  }

  #findBefore(): Usage | undefined {
    const sessionId = this.#state.sessionId ?? this.#task.resumes;
    return (this.#before ??= readUsageBefore(this.#context.config, this.#task, sessionId));
  }

  /** Gives the turn time to end by itself: Codex has said something, which may be the last. */
  #expectTurnEnd(): void {
    this.#isAsking = false;
    // Tools without events must not delay it for ever.
    if (this.#quietSince !== undefined && this.#furtherAnswers === 0) this.#quietSince = this.#clock();
  }

  /** Reads Codex's record, which has the tokens of an answer before the events do. */
  #read(): void {
    const { read } = this.#intervals;
    const now = this.#clock();
    // What came with the newest events may have been written only after them.
    if (now - this.#readAt < read || this.#readAt >= this.#newsAt + read) return;
    this.#readAt = now;
    const sessionId = this.#state.sessionId ?? this.#task.resumes;
    for (const { usage, at } of readSessionTokensOf(this.#context.config, this.#task, sessionId)) this.#take(usage, at);
  }

  #write(isLast: boolean): void {
    const usage = this.#usage;
    const isNew = usage !== undefined && usage !== this.#written;
    if (!isNew || (!isLast && this.#clock() - this.#writtenAt < this.#intervals.write)) return;
    this.#writtenAt = this.#clock();
    tryTo(this.#task.task_id, () => {
      recordTokenUse(this.#context.store, this.#task, usage);
      this.#written = usage;
      this.#dayReadAt = Number.NEGATIVE_INFINITY;
    });
  }

  #findReachedDay(): Failure | undefined {
    if (this.#clock() - this.#dayReadAt < this.#intervals.write) return this.#reachedDay;
    this.#dayReadAt = this.#clock();
    tryTo(this.#task.task_id, () => {
      this.#reachedDay = reachedDayLimit(this.#context);
    });
    return this.#reachedDay;
  }

  #isSafePoint(quietSince: number): boolean {
    const { terminal, goal, isChecking } = this.#state;
    if (isChecking) return false;
    // The run ends by itself, because no further turn is started; with a goal, Codex starts it.
    if (terminal !== undefined) return terminal.kind === "completed" && goal?.status === "active";
    if (this.#work.isBusy) return false;
    return this.#isAsking || this.#clock() - quietSince >= TURN_END_GRACE_MS;
  }
}

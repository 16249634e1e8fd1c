import * as v from "valibot";

const StartSchema = v.looseObject({ turn: v.looseObject({ id: v.string() }) });

/**
 * Time in which Codex's own interface starts the next turn after the end of one, if its user had queued a message, in milliseconds. It
 * takes about 20.
 */
const NEXT_TURN_TIMEOUT_MS = 500;

/** Turns of a thread that other clients of the app-server start: people who have joined the task in Codex's own interface. */
export class JoinedTurns {
  readonly #isJoined: () => boolean;
  #ownStarts = 0;
  #onStart: (() => void) | undefined;
  #isAwaited = false;

  /** @param isJoined returns whether a person has joined the task */
  constructor(isJoined: () => boolean) {
    this.#isJoined = isJoined;
  }

  /** Returns whether the run waits for a message, or for a person to start a turn: one has interrupted the last. */
  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  /** Sends a request of this process that starts a turn, which is then not taken for a person's. */
  async starting<T>(request: () => Promise<T>): Promise<T> {
    this.#ownStarts++;
    this.#isAwaited = false;
    try {
      return await request();
    } finally {
      this.#ownStarts--;
    }
  }

  /**
   * Returns the id of the turn that a notification `turn/started` reports, if a person started it.
   * @param running id of the running turn, which this process knows
   */
  findStarted(params: unknown, running: string | undefined): string | undefined {
    const parsed = v.safeParse(StartSchema, params);
    if (!parsed.success || this.#ownStarts > 0 || parsed.output.turn.id === running) return undefined;
    this.#isAwaited = false;
    this.#onStart?.();
    return parsed.output.turn.id;
  }

  /**
   * Returns, after the end of a turn that nothing else follows, whether a person starts the next: at once, if one has queued a message, or
   * at any time, if one has interrupted the turn.
   */
  async willFollow(wasInterrupted: boolean): Promise<boolean> {
    this.#isAwaited = wasInterrupted;
    return wasInterrupted || (this.#isJoined() && this.#waitForNext());
  }

  async #waitForNext(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), NEXT_TURN_TIMEOUT_MS);
    this.#onStart = () => resolve(true);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#onStart = undefined;
    }
  }
}

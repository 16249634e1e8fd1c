/**
 * Commands, patches and tool calls that Codex waits for. One that is still running when the tokens of two more answers have been counted runs
 * in the background, for example a server: Codex does not wait for it.
 */
export class InFlightWork {
  /** Time at which each was first seen. */
  #seen = new Map<string, number>();
  /** Times at which the tokens of the last two answers were counted. */
  #lastAnswers: [number, number] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];

  /**
   * Counts an answer of the model. The first after the beginning of a command may be the one that has asked for it.
   * @param at time at which its tokens were counted, in milliseconds since 1970
   */
  countAnswer(at: number): void {
    this.#lastAnswers = [this.#lastAnswers[1], at];
  }

  /** @param ids ids of what has begun and not ended */
  update(ids: readonly string[], now = Date.now()): void {
    this.#seen = new Map(ids.map((id) => [id, this.#seen.get(id) ?? now]));
  }

  /** Returns whether Codex waits for something. */
  get isBusy(): boolean {
    return [...this.#seen.values()].some((at) => at >= this.#lastAnswers[0]);
  }
}

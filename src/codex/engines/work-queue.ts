/** Work that is done piece after piece. Its errors, which would otherwise go unseen, are all reported. */
export class WorkQueue {
  readonly #onError: (error: unknown) => void;
  #work: Promise<void> = Promise.resolve();

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Does work after the work before it. */
  add(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch(this.#onError);
  }

  /** Does the work of an event handler at once. */
  run(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#onError(error);
    }
  }
}

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

/** Notifications that are held back until what comes before them is in the log. */
export class HeldNotifications {
  #held: [method: string, params: unknown][] | undefined = [];

  /** Holds notifications back from now on, as at the beginning. */
  hold(): void {
    this.#held ??= [];
  }

  /** Keeps a notification. @returns false if none are held back */
  keep(method: string, params: unknown): boolean {
    this.#held?.push([method, params]);
    return this.#held !== undefined;
  }

  /** Holds none back any more, and handles those that were. */
  release(handle: (method: string, params: unknown) => void): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [method, params] of held) handle(method, params);
  }
}

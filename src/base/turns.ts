/** Maximum time for which one piece of work blocks the event loop, in milliseconds. */
const YIELD_INTERVAL_MS = 10;

/** Scheduler that lets long work yield to the event loop: `await turns.pause()` returns at once, or after other work has run. */
export class Turns {
  #began = performance.now();

  async pause(): Promise<void> {
    if (performance.now() - this.#began < YIELD_INTERVAL_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#began = performance.now();
  }
}

/** How long the event loop may stand still for one piece of work. */
const TURN_MS = 10;

/** Lets long work give way: `await turns.pause()` returns at once, or after others had their turn. */
export class Turns {
  #began = performance.now();

  async pause(): Promise<void> {
    if (performance.now() - this.#began < TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#began = performance.now();
  }
}

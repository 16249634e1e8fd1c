import { logger } from "#base/log.ts";

/** Interval at which watched values are checked, in milliseconds. */
const POLL_INTERVAL_MS = 1000;

interface Watched {
  look: () => Promise<string>;
  notify: () => void;
  seen: string;
}

/** Notifies watchers of changes. Checks nothing while there are no watchers. */
export class ChangeWatch {
  readonly #watched = new Set<Watched>();
  #timer: Timer | undefined;
  #isLooking = false;

  /**
   * Calls `notify` after the value that `look` returns has changed, at most once a second.
   * @returns a function that ends the watch
   * @throws what the first call of `look` throws
   */
  async watch(look: () => Promise<string>, notify: () => void): Promise<() => void> {
    const watched = { look, notify, seen: await look() };
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => void this.#lookAtAll(), POLL_INTERVAL_MS);
    return () => {
      this.#watched.delete(watched);
      if (this.#watched.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  async #lookAtAll(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    for (const watched of this.#watched) {
      const now = await watched.look().catch((error: unknown) => {
        logger("mcp").warn`a watched task cannot be read: ${error}`;
        return watched.seen;
      });
      if (now === watched.seen || !this.#watched.has(watched)) continue;
      watched.seen = now;
      watched.notify();
    }
    this.#isLooking = false;
  }
}

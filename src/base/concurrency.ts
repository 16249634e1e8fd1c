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

/** Returns the results of an asynchronous function for each item, with at most `limit` calls running at a time. */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  const takeTurns = async () => {
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, takeTurns));
  return results;
}

/** Waits for work to finish, or for a time in milliseconds to pass. */
export async function waitUpTo(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: Timer | undefined;
  try {
    await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  } finally {
    clearTimeout(timer);
  }
}

/** Longest time of one timer, in milliseconds: a longer one would end at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Calls a function after a time of any length in milliseconds, also infinite.
 * @returns a function that cancels the call
 */
export function startTimer(milliseconds: number, done: () => void): () => void {
  let timer: Timer | undefined;
  const arm = (leftMs: number) => {
    if (leftMs === Number.POSITIVE_INFINITY) return;
    const sliceMs = Math.min(leftMs, MAX_TIMER_MS);
    timer = setTimeout(() => (leftMs > sliceMs ? arm(leftMs - sliceMs) : done()), sliceMs);
  };
  arm(milliseconds);
  return () => clearTimeout(timer);
}

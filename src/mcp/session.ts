import { type AppContext, openContext } from "#tasks/context.ts";
import { readConfig } from "#base/config.ts";

/** How long requests that are being answered may go on after the client has gone: clients kill after half a second. */
const FAREWELL_MS = 300;

/** After so many answers there is something to tidy up … */
const ANSWERS_BETWEEN_TIDYING = 50;
/** … and after so long a rest nobody notices. */
const REST_MS = 500;

/** One client's connection. */
export class Session {
  readonly #leaving = new AbortController();
  readonly #answers = new Set<Promise<unknown>>();
  #answered = 0;
  #rest: Timer | undefined;
  #context: AppContext | undefined;

  /** The store: opened by the first request that needs it, since clients start servers only to look at them. */
  readonly open = (): AppContext => (this.#context ??= openContext(readConfig()));

  /** Aborts when the client has gone. */
  get leaving(): AbortSignal {
    return this.#leaving.signal;
  }

  /** Keeps the session until a request is answered, if that is soon. */
  note<T>(answer: Promise<T>): Promise<T> {
    this.#answers.add(answer);
    clearTimeout(this.#rest);
    void answer.catch(() => {}).finally(() => this.#forget(answer));
    return answer;
  }

  #forget(answer: Promise<unknown>): void {
    this.#answers.delete(answer);
    this.#answered++;
    if (this.#answers.size > 0 || this.#answered < ANSWERS_BETWEEN_TIDYING) return;
    this.#rest = setTimeout(() => this.#tidyUp(), REST_MS);
  }

  /** Left to itself, the heap of a server that rests most of the day stays as large as its busiest minute made it. */
  #tidyUp(): void {
    this.#answered = 0;
    Bun.gc(true);
  }

  /** Lets answers that are nearly there be given. */
  async leave(): Promise<void> {
    this.#leaving.abort();
    await Promise.race([Promise.allSettled(this.#answers), Bun.sleep(FAREWELL_MS)]);
    // The SDK still has to send them.
    await Bun.sleep(0);
  }
}

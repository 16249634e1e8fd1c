import { type AppContext, openContext } from "#app/context.ts";
import { readConfig } from "#lib/config.ts";

/** How long requests that are being answered may go on after the client has gone: clients kill after half a second. */
const FAREWELL_MS = 300;

/** One client's connection. */
export class Session {
  readonly #leaving = new AbortController();
  readonly #answers = new Set<Promise<unknown>>();
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
    void answer.catch(() => {}).finally(() => this.#answers.delete(answer));
    return answer;
  }

  /** Lets answers that are nearly there be given. */
  async leave(): Promise<void> {
    this.#leaving.abort();
    await Promise.race([Promise.allSettled(this.#answers), Bun.sleep(FAREWELL_MS)]);
    // The SDK still has to send them.
    await Bun.sleep(0);
  }
}

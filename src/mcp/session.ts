import type { BoardContext } from "#board/server/route.ts";
import { type AppContext, openContext } from "#tasks/context.ts";
import { readConfig } from "#base/config.ts";
import { AwaitedRuns } from "#mcp/ends/awaited-runs.ts";
import { clientKeyOf, keyFolder } from "#mcp/ends/client-key.ts";

/** Time in which requests may still be answered after the client is gone, in milliseconds: clients kill the server after half a second. */
const CLOSE_TIMEOUT_MS = 300;

/** Number of answers after which a garbage collection is due. */
const ANSWERS_BETWEEN_TIDYING = 50;
/** Idle time before a garbage collection, in milliseconds, so that it delays no request. */
const IDLE_GC_DELAY_MS = 500;

/** Connection of one client. */
export class Session {
  readonly #leaving = new AbortController();
  readonly #answers = new Set<Promise<unknown>>();
  #answered = 0;
  #rest: Timer | undefined;
  #context: AppContext | undefined;
  #board: BoardContext | undefined;
  readonly #folder = keyFolder(process.env);

  /** Returns the store, opened by the first request that needs it, because clients also start servers only to list their tools. */
  readonly open = (): AppContext => (this.#context ??= { ...openContext(readConfig()), keepsSpare: true });

  /** Returns the state of the board's handlers, with which the view of a task in the chat reads. */
  readonly openBoard = async (): Promise<BoardContext> => {
    const { openChatBoard } = await import("#board/chat/chat-board.ts");
    return (this.#board ??= openChatBoard(this.open()));
  };

  readonly awaited = new AwaitedRuns();

  /** Returns the store if a request has opened it. */
  get opened(): AppContext | undefined {
    return this.#context;
  }

  /** Returns the identity of the client that gives itself a name. */
  clientKey(name: string | undefined): string {
    return clientKeyOf(name, this.#folder);
  }

  /** Aborts when the client is gone. */
  get leaving(): AbortSignal {
    return this.#leaving.signal;
  }

  /** Keeps the session open until a request is answered, up to a short limit after the client is gone. */
  track<T>(answer: Promise<T>): Promise<T> {
    this.#answers.add(answer);
    clearTimeout(this.#rest);
    void answer.catch(() => {}).finally(() => this.#forget(answer));
    return answer;
  }

  #forget(answer: Promise<unknown>): void {
    this.#answers.delete(answer);
    this.#answered++;
    if (this.#answers.size > 0 || this.#answered < ANSWERS_BETWEEN_TIDYING) return;
    this.#rest = setTimeout(() => this.#tidyUp(), IDLE_GC_DELAY_MS);
  }

  /** Collects garbage. Otherwise the heap of a server that is mostly idle would stay at its largest size. */
  #tidyUp(): void {
    this.#answered = 0;
    Bun.gc(true);
  }

  /** Waits a short time for answers that are almost ready. */
  async close(): Promise<void> {
    this.#leaving.abort();
    await Promise.race([Promise.allSettled(this.#answers), Bun.sleep(CLOSE_TIMEOUT_MS)]);
    // The SDK still has to send them.
    await Bun.sleep(0);
  }
}

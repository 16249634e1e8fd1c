import { runIdOf } from "#domain/names.ts";
import type { RunKey } from "#store/ends/record-end.ts";

/** Time after a poll in which the client is expected to poll again, in milliseconds. */
const POLL_GRACE_MS = 10_000;

/** Runs that one call waits for: its answer reports their ends. */
export interface CallWait {
  add: (runs: readonly RunKey[]) => void;
  /** Returns the ids of the runs that other calls wait for, or that the client polls. */
  others: () => string[];
  /** Records that the client will poll a run instead of waiting. */
  poll: (run: RunKey) => void;
  close: () => void;
}

/** Runs whose ends a client is about to get as the results of its other calls: no answer reports them beside its own content. */
export class AwaitedRuns {
  readonly #calls = new Set<Set<string>>();
  /** Times at which the client has polled runs. */
  readonly #polled = new Map<string, number>();

  /** Begins a call. */
  open(): CallWait {
    const own = new Set<string>();
    this.#calls.add(own);
    return {
      add: (runs) => runs.forEach((run) => own.add(runIdOf(run))),
      others: () => [
        ...[...this.#calls].filter((each) => each !== own).flatMap((each) => Array.from(each)),
        ...this.#beingPolled(),
      ],
      poll: (run) => this.polled(run),
      close: () => this.#calls.delete(own),
    };
  }

  /** Returns the ids of all runs that calls wait for, or that the client polls. */
  list(): string[] {
    return [...[...this.#calls].flatMap((each) => Array.from(each)), ...this.#beingPolled()];
  }

  /** Records that the client polls a run, or will do so. */
  polled(run: RunKey): void {
    this.#polled.set(runIdOf(run), performance.now());
  }

  #beingPolled(): string[] {
    for (const [id, at] of this.#polled) if (performance.now() - at > POLL_GRACE_MS) this.#polled.delete(id);
    return [...this.#polled.keys()];
  }
}

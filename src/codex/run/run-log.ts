import { digestFile, RunningDigest } from "#platform/files/file-digest.ts";
import { Turns } from "#base/turns.ts";
import { LineReader } from "#platform/files/json-lines.ts";
import type { Failure } from "#base/errors.ts";
import { describeEvent, type EventLine } from "./describe.ts";
import { type CodexEvent, parseEvent } from "./event.ts";
import type { ProcessEnd } from "#codex/process.ts";
import { applyEvent, NO_EVENTS, type RunState } from "./run-state.ts";

/** How a run went. */
export interface RunResult {
  state: RunState;
  end: ProcessEnd;
  /** Why this server ended it, where it did. */
  stopped: Failure | undefined;
  /** Its log as it was followed; absent where nobody followed it. */
  log?: RunLog;
}

/** Follows a run's log as it grows: what it adds up to, and each event once. */
export class RunLog {
  readonly #path: string;
  readonly #digest = new RunningDigest();
  readonly #reader: LineReader;
  #state: RunState = NO_EVENTS;
  #lastMessage: string | undefined;
  readonly #clock: () => number;
  /** When something new was last reported, by the clock that was given; a message that only repeats the one before is nothing new. */
  lastProgressAt: number;

  /** @param clock milliseconds, from any moment on */
  constructor(path: string, clock: () => number = () => performance.now()) {
    this.#path = path;
    this.#reader = new LineReader(path, this.#digest);
    this.#clock = clock;
    this.lastProgressAt = clock();
  }

  get state(): RunState {
    return this.#state;
  }

  /** Reads what has been added, and describes it, line by line: a log can be larger than memory. */
  *read(): Generator<EventLine> {
    for (const line of this.#reader.read()) yield* this.#take(line);
  }

  /** Reads the rest of a log whose writer has ended, a last line without its end included. */
  *readToEnd(): Generator<EventLine> {
    yield* this.read();
    yield* this.#take(this.#reader.rest());
  }

  /** Whether the log still begins with what was read from it: it is only ever added to. */
  isIntact(): boolean {
    const { size, digest } = this.#digest.fingerprint;
    return digestFile(this.#path, size)?.digest === digest;
  }

  #take(line: string): EventLine[] {
    try {
      return this.#takeEvent(line);
    } catch {
      return []; // a text that no regular expression gets to the end of; the audit counts it as unknown
    }
  }

  #takeEvent(line: string): EventLine[] {
    const event = parseEvent(line);
    if (event === undefined) return [];
    this.#state = applyEvent(this.#state, event);
    if (!this.#isRepetition(event)) this.lastProgressAt = this.#clock();
    const described = describeEvent(event);
    return described === undefined ? [] : [described];
  }

  #isRepetition(event: CodexEvent): boolean {
    const message = event.type === "error" ? event.message : undefined;
    const isRepeated = message !== undefined && message === this.#lastMessage;
    this.#lastMessage = message;
    return isRepeated || (message !== undefined && this.#state.isWaitingForNetwork);
  }
}

/** Returns what a whole log adds up to. */
export async function foldLog(path: string): Promise<RunState> {
  const log = new RunLog(path);
  const events = log.readToEnd();
  // It may be long, and a server that finishes a run has others to answer.
  const turns = new Turns();
  while (events.next().done !== true) await turns.pause();
  return log.state;
}

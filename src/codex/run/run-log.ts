import { Turns } from "#base/concurrency.ts";
import type { Failure } from "#base/errors.ts";
import type { ProcessEnd } from "#codex/process.ts";
import { digestFile, RunningDigest } from "#platform/files/file-digest.ts";
import { LineReader } from "#platform/files/json-lines.ts";
import { describeEvent, type EventLine } from "./describe.ts";
import { type CodexEvent, parseEvent } from "./event.ts";
import { applyEvent, NO_EVENTS, type RunState } from "./run-state.ts";

/** Result of a run. */
export interface RunResult {
  state: RunState;
  end: ProcessEnd;
  /** Reason why this server ended the run, if it did. */
  stopped: Failure | undefined;
  /** Log that was followed during the run; absent if no supervisor followed it. */
  log?: RunLog;
  /** Set if the log was followed from its beginning only after an earlier supervisor had died. */
  isAdopted?: true;
}

/** Reader that follows a growing run log: accumulates the run's state and returns each event once. */
export class RunLog {
  readonly #path: string;
  readonly #digest = new RunningDigest();
  readonly #reader: LineReader;
  #state: RunState = NO_EVENTS;
  #lastMessage: string | undefined;
  readonly #clock: () => number;
  /** Time of the last new event, by the given clock; a message that only repeats the previous one is not new. */
  lastProgressAt: number;

  /** @param clock returns milliseconds since any fixed moment */
  constructor(path: string, clock: () => number = () => performance.now()) {
    this.#path = path;
    this.#reader = new LineReader(path, this.#digest);
    this.#clock = clock;
    this.lastProgressAt = clock();
  }

  get state(): RunState {
    return this.#state;
  }

  /** Reads the added lines and describes them one by one: a log can be larger than memory. */
  *read(): Generator<EventLine> {
    for (const line of this.#reader.read()) yield* this.#take(line);
  }

  /** Reads the rest of a log whose writer has ended, including a last line without a line end. */
  *readToEnd(): Generator<EventLine> {
    yield* this.read();
    yield* this.#take(this.#reader.rest());
  }

  /** Returns the number of bytes that were read. */
  get bytesRead(): number {
    return this.#digest.fingerprint.size;
  }

  /** Returns whether the log still begins with the part that was read: logs are only appended to. */
  isIntact(): boolean {
    const { size, digest } = this.#digest.fingerprint;
    return digestFile(this.#path, size)?.digest === digest;
  }

  #take(line: string): EventLine[] {
    try {
      return this.#takeEvent(line);
    } catch {
      return []; // too long for a regular expression; the audit counts it as unknown
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

/** Returns the accumulated state of a whole log. */
export async function foldLog(path: string): Promise<RunState> {
  const log = new RunLog(path);
  const events = log.readToEnd();
  // The log may be long, and a server that finishes a run must answer other requests.
  const turns = new Turns();
  while (events.next().done !== true) await turns.pause();
  return log.state;
}

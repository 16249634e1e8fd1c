import { toFailure } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { isEnded } from "#domain/record.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { type BoardEvents, PING_INTERVAL_MS } from "#board/api/event.ts";
import type { BoardContext } from "#board/server/route.ts";
import type { BoardChange } from "#board/api/card.ts";
import { CardFollower } from "./card-follower.ts";
import { RunWatch } from "./run-watch.ts";
import { logSize } from "./task-facts.ts";
import type { WorkKnowledge } from "./work-follower.ts";

/** Bytes that a client has not read after which it is no longer served: it gets everything anew when it connects again. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

/** Shortest time between two events about the log that a stream follows, in milliseconds. */
const LOG_INTERVAL_MS = 100;

/** One event stream. */
class EventStream {
  /** Task whose log the stream follows. */
  readonly task: string | undefined;
  /** Whether it has got the snapshot that changes are based on. */
  isReady = false;
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  #log: { watch: RunWatch; run: number } | undefined;

  constructor(controller: ReadableStreamDefaultController<Uint8Array>, task: string | undefined) {
    this.#controller = controller;
    this.task = task;
  }

  /**
   * Sends an event.
   * @param maxUnreadBytes number of bytes that the client may leave unread
   * @returns false if the client is gone, or has left more unread
   */
  send(frame: Uint8Array, maxUnreadBytes: number): boolean {
    try {
      if ((this.#controller.desiredSize ?? 0) < -maxUnreadBytes) {
        // Unlike the end of the stream, an error frees what is unread.
        this.#controller.error(new Error("The client does not read."));
        return false;
      }
      this.#controller.enqueue(frame);
      return true;
    } catch {
      return false;
    }
  }

  /** Follows the log of its task, if that is running. */
  followLog({ app }: BoardContext, onGrowth: (frame: Uint8Array) => void): void {
    const record = this.task === undefined ? undefined : findTask(app.store, this.task)?.record;
    if (record === undefined || (this.#log?.run === record.run && !isEnded(record))) return;
    const { task_id: id, run } = record;
    const report = () => onGrowth(toFrame("log", { id, run, size: logSize(record) }));
    if (this.#log !== undefined) {
      this.#log.watch.close();
      this.#log = undefined;
      report();
    }
    if (!isEnded(record)) this.#log = { run, watch: new RunWatch(record, report, LOG_INTERVAL_MS) };
  }

  close(): void {
    this.#log?.watch.close();
    this.#log = undefined;
    try {
      this.#controller.close();
    } catch {
      // The client has closed it.
    }
  }
}

/** The event streams of one board, which share what they follow; without streams, nothing is followed. */
export class EventHub {
  readonly #context: BoardContext;
  readonly #maxUnreadBytes: number;
  readonly #streams = new Set<EventStream>();
  /** Knowledge about worktrees, which a later follower shows until it has its own. */
  readonly #known: WorkKnowledge;
  #follower: { cards: CardFollower; started: Promise<void> } | undefined;
  #ping: Timer | undefined;

  /** @param maxUnreadBytes see {@link MAX_UNREAD_BYTES} */
  constructor(context: BoardContext, maxUnreadBytes = MAX_UNREAD_BYTES) {
    this.#context = context;
    this.#maxUnreadBytes = maxUnreadBytes;
    this.#known = { facts: new Map(), notes: context.temporary };
    context.stopping?.addEventListener("abort", () => this.#end());
  }

  /** Adds a stream, which ends when its client leaves. @param task task whose log it follows */
  open(task: string | undefined, signal: AbortSignal): ReadableStream<Uint8Array> {
    let stream: EventStream | undefined;
    const leave = () => {
      if (stream !== undefined) this.#remove(stream);
    };
    signal.addEventListener("abort", leave);
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          stream = new EventStream(controller, task);
          this.#streams.add(stream);
          void this.#begin(stream);
        },
        cancel: leave,
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 64 * 1024 }),
    );
  }

  async #begin(stream: EventStream): Promise<void> {
    try {
      this.#follower ??= this.#startFollower();
      const { cards, started } = this.#follower;
      await started;
      if (!this.#streams.has(stream)) return;
      const { info } = this.#context;
      stream.isReady = true;
      this.#send(stream, toFrame("snapshot", { info, ...cards.state, now: new Date().toISOString() }));
      this.#followLog(stream);
    } catch (error) {
      logger("app").warn`The tasks cannot be followed: ${toFailure(error).message}`;
      this.#remove(stream);
    }
  }

  #startFollower(): { cards: CardFollower; started: Promise<void> } {
    const cards = new CardFollower(this.#context.app, this.#known, (change) => this.#report(change));
    this.#ping = setInterval(() => {
      const frame = toFrame("ping", { now: new Date().toISOString() });
      for (const stream of this.#streams) this.#send(stream, frame);
    }, PING_INTERVAL_MS);
    return { cards, started: cards.start() };
  }

  #report(change: BoardChange): void {
    const frame = toFrame("change", change);
    const ids = new Set(change.cards.map(({ id }) => id));
    for (const stream of this.#streams) {
      if (!stream.isReady) continue;
      this.#send(stream, frame);
      if (stream.task !== undefined && ids.has(stream.task)) this.#followLog(stream);
    }
  }

  #followLog(stream: EventStream): void {
    // What was just sent may have ended it.
    if (this.#streams.has(stream)) stream.followLog(this.#context, (growth) => this.#send(stream, growth));
  }

  #send(stream: EventStream, frame: Uint8Array): void {
    if (!stream.send(frame, this.#maxUnreadBytes)) this.#remove(stream);
  }

  #remove(stream: EventStream): void {
    if (!this.#streams.delete(stream)) return;
    stream.close();
    if (this.#streams.size > 0) return;
    clearInterval(this.#ping);
    this.#follower?.cards.close();
    this.#follower = undefined;
  }

  /** Says that the board ends, and closes all streams. */
  #end(): void {
    const frame = toFrame("end", {});
    for (const stream of this.#streams) {
      stream.send(frame, this.#maxUnreadBytes);
      this.#remove(stream);
    }
  }
}

const encoder = new TextEncoder();

/** Returns an event in the form of server-sent events. */
function toFrame<Name extends keyof BoardEvents>(name: Name, data: BoardEvents[Name]): Uint8Array {
  return encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

import type { BoardChange, BoardSnapshot, Card } from "#board/api/card.ts";
import type { BoardEvents } from "#board/api/event.ts";
import type { TestBoard } from "./board.ts";

/** An event as it came. */
export type ReceivedEvent = {
  [Name in keyof BoardEvents]: { name: Name; data: BoardEvents[Name]; at: number };
}[keyof BoardEvents];

/** A client of a board's event stream. */
export class EventReader {
  readonly events: ReceivedEvent[] = [];
  /** The cards as the events make them. */
  readonly cards = new Map<string, Card>();
  isEnded = false;
  readonly #abort = new AbortController();
  #wake: () => void = () => {};

  /** Opens the stream and waits for the snapshot. @param task task whose log is followed */
  static async open(board: TestBoard, task?: string): Promise<EventReader> {
    const reader = new EventReader();
    const path = task === undefined ? "/api/events" : `/api/events?task=${encodeURIComponent(task)}`;
    const signal = reader.#abort.signal;
    const { body, status } = await board.request(path, { signal });
    if (body === null || status !== 200) throw new Error(`the stream has status ${status}`);
    void reader.#read(body);
    await reader.next("snapshot");
    return reader;
  }

  get snapshot(): BoardSnapshot {
    const [first] = this.events;
    if (first?.name !== "snapshot") throw new Error("the first event is no snapshot");
    return first.data;
  }

  /** The card of a task. */
  card(id: string): Card {
    const card = this.cards.get(id);
    if (card === undefined) throw new Error(`${id} has no card`);
    return card;
  }

  /** Waits for the first event of a name, of those that come after `from` others. */
  async next(name: keyof BoardEvents, from = 0): Promise<ReceivedEvent> {
    return this.until(() => this.events.slice(from).find((event) => event.name === name));
  }

  /** Waits until something is so, looking at it after each event. */
  async until<T>(find: () => T | undefined | false): Promise<T> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > deadline) throw new Error(`it did not become so: ${find.toString()}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 1000).unref();
      });
    }
  }

  /** Waits until a card is as it should be. */
  async untilCard(id: string, isSo: (card: Card) => boolean): Promise<Card> {
    return this.until(() => {
      const card = this.cards.get(id);
      return card !== undefined && isSo(card) && card;
    });
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const chunk of body) {
        text += decoder.decode(chunk, { stream: true });
        const frames = text.split("\n\n");
        text = frames.pop() ?? "";
        for (const frame of frames) this.#take(frame);
      }
    } catch {
      // It was closed.
    }
    this.isEnded = true;
    this.#wake();
  }

  #take(frame: string): void {
    const [, name = "", data = ""] = /^event: (\w+)\ndata: (.*)$/s.exec(frame) ?? [];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server's own types
    const event = { name, data: JSON.parse(data) as unknown, at: performance.now() } as ReceivedEvent;
    this.events.push(event);
    if (event.name === "snapshot" || event.name === "change") this.#apply(event.data);
    this.#wake();
  }

  #apply(state: BoardSnapshot | BoardChange): void {
    for (const card of state.cards) this.cards.set(card.id, card);
    if ("removed" in state) for (const id of state.removed) this.cards.delete(id);
  }
}

import type { MessageSource } from "#codex/engines/turn-request.ts";
import type { EndedTurn, FollowUp, FollowUps } from "#domain/follow-up.ts";
import type { Delivery, TaskMessage } from "#domain/message.ts";
import type { Inbox, TakenMessage } from "#store/tasks/inbox.ts";

/** Order in which waiting messages get turns of their own. One for now comes here if its turn ended before Codex had read it. */
const RANKS = { instead: 0, now: 1, after: 2 } as const;

/**
 * Messages to a run. Each waits until Codex has read it: Codex forgets those that it was given if their turn is interrupted. At the end
 * of a turn, those that still wait are follow-ups.
 */
export class RunMessages implements MessageSource, FollowUps {
  readonly #inbox: Inbox;
  /** Messages that Codex has not read, in the order of their turns. */
  #waiting: TaskMessage[] = [];
  /** Takes the new messages, if this engine delivers none into a turn. */
  #queueNew: (() => void) | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
  }

  watch(onNews: () => void): () => void {
    return this.#inbox.watch(onNews);
  }

  take(): TakenMessage[] {
    const taken = this.#inbox.take();
    this.#waiting = [...this.#waiting, ...taken].toSorted((a, b) => RANKS[a.when] - RANKS[b.when]);
    return taken;
  }

  announce(message: TaskMessage, delivery: Delivery): void {
    this.#inbox.announce(message, delivery);
  }

  recordGiven(message: TaskMessage): void {
    this.#inbox.recordGiven(message);
  }

  recordRead(id: string): void {
    if (!this.#waiting.some((message) => message.id === id)) return;
    this.#waiting = this.#waiting.filter((message) => message.id !== id);
    this.#inbox.recordRead(id);
  }

  get hasReplacement(): boolean {
    return this.#waiting.some(({ when }) => when === "instead");
  }

  /** Lets all messages wait for turns of their own, as they come: this engine delivers none into a turn. */
  queueAll(): void {
    this.#queueNew = () => this.take().forEach((message) => this.announce(message, "queued"));
    this.#queueNew();
    this.#stopWatching ??= this.watch(this.#queueNew);
  }

  /** Ends {@link queueAll}: a message that comes from now on is not taken. */
  close(): void {
    this.#stopWatching?.();
  }

  async next({ isCompleted, isInterrupted = false, isLast = false }: EndedTurn): Promise<FollowUp | undefined> {
    this.#queueNew?.();
    if (isLast) return undefined;
    // After a failure, only what was to replace the turn can be meant to be done.
    const next = this.#waiting.find(({ when }) => isCompleted || isInterrupted || when === "instead");
    if (next === undefined) return undefined;
    this.announce(next, next.when === "instead" ? "replaced" : "queued");
    this.recordGiven(next);
    return next;
  }

  /** Does nothing: Codex has read a message when it says so (see {@link recordRead}). */
  started(): void {
    return undefined;
  }
}

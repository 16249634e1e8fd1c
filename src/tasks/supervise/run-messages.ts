import type { MessageSource } from "#codex/engines/turn-request.ts";
import type { EndedTurn, FollowUp, FollowUps } from "#domain/follow-up.ts";
import type { Delivery, TaskMessage } from "#domain/message.ts";
import type { Inbox } from "#store/tasks/inbox.ts";

/** Messages to a run: those that its engine delivers into a turn, and those that wait for a turn of their own. */
export class RunMessages implements MessageSource, FollowUps {
  readonly #inbox: Inbox;
  /** Messages that wait, in the order of their turns: those that replace a turn come first. */
  #waiting: TaskMessage[] = [];
  #stopWatching: (() => void) | undefined;

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
  }

  watch(onNews: () => void): () => void {
    return this.#inbox.watch(onNews);
  }

  take(isAdopted?: boolean): TaskMessage[] {
    return this.#inbox.take(isAdopted);
  }

  settle(message: TaskMessage, delivery: Delivery): void {
    this.#inbox.settle(message, delivery);
  }

  defer(message: TaskMessage): void {
    const isReplacing = message.when === "instead";
    const at = isReplacing ? this.#waiting.filter(({ when }) => when === "instead").length : this.#waiting.length;
    this.#waiting.splice(at, 0, message);
    this.#inbox.announce(message, isReplacing ? "replaced" : "queued");
  }

  /** Lets all messages wait for a turn of their own, as they come: this engine cannot deliver any into a turn. */
  deferAll(isAdopted: boolean): void {
    const defer = () => this.take().forEach((message) => this.defer(message));
    this.take(isAdopted).forEach((message) => this.defer(message));
    this.#stopWatching ??= this.watch(defer);
  }

  /** Ends {@link deferAll}: a message that comes from now on is not taken. */
  close(): void {
    this.#stopWatching?.();
  }

  async next({ isCompleted }: EndedTurn): Promise<FollowUp | undefined> {
    const isDue = ({ when }: TaskMessage) => isCompleted || when === "instead";
    return this.#waiting.find(isDue);
  }

  started({ id }: FollowUp): void {
    const message = this.#waiting.find((each) => each.id === id);
    if (message === undefined) return;
    this.#waiting = this.#waiting.filter((each) => each !== message);
    this.settle(message, message.when === "instead" ? "replaced" : "queued");
  }
}

import type { TaskMessage } from "#domain/message.ts";
import { AppServerError } from "#codex/engines/connection/app-server-error.ts";
import type { Request } from "#codex/engines/connection/connection.ts";
import { type MessageSource, textInput } from "#codex/engines/turn-request.ts";

/** Running turn of a thread. */
export interface RunningTurn {
  threadId: string;
  turnId: string;
}

type TakenMessage = ReturnType<MessageSource["take"]>[number];

/** Deliveries of messages that Codex has read, by the moment that was asked for. */
const DELIVERIES = { now: "steered", after: "queued", instead: "replaced" } as const;

/** Delivers messages to the running turn of a thread: into it, or by interrupting it. The others wait for turns of their own. */
export class MessageDelivery {
  readonly #messages: MessageSource;
  readonly #request: Request;
  /** Whether the running turn was interrupted for a message. */
  #isReplaced = false;

  constructor(messages: MessageSource, request: Request) {
    this.#messages = messages;
    this.#request = request;
  }

  /**
   * Takes the new messages and delivers them, oldest first.
   * @param findTurn returns the running turn; undefined between turns
   * @param isRead returns whether the thread has a message
   * @returns whether any of them waits for a turn of its own
   */
  async deliver(findTurn: () => RunningTurn | undefined, isRead: (id: string) => boolean): Promise<boolean> {
    let hasWaiting = false;
    for (const message of this.#messages.take()) {
      if (isRead(message.id)) this.#recordRead(message);
      else hasWaiting = !(await this.#deliverOne(message, findTurn())) || hasWaiting;
    }
    return hasWaiting;
  }

  /** Interrupts a turn if a message waits that is to replace it. Does nothing if that was done. */
  async replace(turn: RunningTurn | undefined): Promise<void> {
    if (turn === undefined || this.#isReplaced || !this.#messages.hasReplacement) return;
    this.#isReplaced = true;
    // It fails if the turn ends by itself at this moment.
    await this.#request("turn/interrupt", turn).catch(ignoreRefusal);
    // Interrupting leaves its commands running.
    await this.#request("thread/backgroundTerminals/clean", { threadId: turn.threadId }).catch(() => undefined);
  }

  /** Tells the model something of this program's own in its running turn. */
  async tell(text: string, turn: RunningTurn | undefined): Promise<void> {
    if (turn === undefined) return;
    const { threadId, turnId } = turn;
    const input = textInput(text);
    await this.#request("turn/steer", { threadId, expectedTurnId: turnId, input }).catch(ignoreRefusal);
  }

  /** Ends what was known of the running turn. @returns whether it was interrupted for a message */
  endTurn(): boolean {
    const wasReplaced = this.#isReplaced;
    this.#isReplaced = false;
    return wasReplaced;
  }

  /** Records that the thread has a message that an earlier supervisor gave to Codex, perhaps without telling its sender. */
  #recordRead(message: TakenMessage): void {
    if (message.delivery === undefined) this.#messages.announce(message, DELIVERIES[message.when]);
    this.#messages.recordRead(message.id);
  }

  /** @returns false if the message waits for a turn of its own */
  async #deliverOne(message: TakenMessage, turn: RunningTurn | undefined): Promise<boolean> {
    // An earlier supervisor may have steered it into the running turn. At the turn's end the thread has it, or it never will.
    if (message.isGiven && message.delivery !== undefined) return false;
    if (message.when === "now" && !message.isGiven && turn !== undefined && (await this.#steer(message, turn))) {
      this.#messages.announce(message, "steered");
      return true;
    }
    this.#messages.announce(message, message.when === "instead" ? "replaced" : "queued");
    return false;
  }

  /** @returns false if the turn has ended, or does not answer: then it may have the message */
  async #steer(message: TaskMessage, { threadId, turnId }: RunningTurn): Promise<boolean> {
    this.#messages.recordGiven(message);
    try {
      await this.#request("turn/steer", {
        threadId,
        expectedTurnId: turnId,
        input: textInput(message.text),
        clientUserMessageId: message.id,
      });
      return true;
    } catch (error) {
      ignoreRefusal(error);
      return false;
    }
  }
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof AppServerError)) throw error;
}

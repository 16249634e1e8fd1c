import * as v from "valibot";
import type { ProcessEnd } from "#codex/process.ts";
import { type AppServerConnection, AppServerError, readField } from "./connection.ts";
import type { LoggedRun, LogWriter } from "./log-writer.ts";
import { connect, findTurn, listItems, openThread } from "./thread.ts";
import { Translator } from "./translate.ts";

/** Access of a turn, as the app-server takes it. */
type SandboxPolicy =
  | { type: "dangerFullAccess" }
  | { type: "readOnly"; networkAccess: boolean }
  | { type: "workspaceWrite"; writableRoots: string[]; networkAccess: boolean };

/** First turn of a run. */
export interface TurnRequest {
  prompt: string;
  images: readonly string[];
  outputSchema: object | undefined;
  sandboxPolicy: SandboxPolicy;
  folder: string;
  /** Thread to resume; undefined for a new one. */
  threadId: string | undefined;
  /** Name of the run, by which its turn is recognised after this process has died. */
  runId: string;
  messages: MessageSource;
}

/** Message to a running turn: for now, for its end, or instead of it. */
export interface TurnMessage {
  id: string;
  text: string;
  when: "now" | "after" | "instead";
}

/** Messages to a run, and what became of them. */
export interface MessageSource {
  /** Calls a function when messages may have come. @returns a function that stops this */
  watch: (onNews: () => void) => () => void;
  /** Takes the new messages; for an adopted run also those that its earlier supervisor did not deliver. */
  take: (isAdopted?: boolean) => readonly TurnMessage[];
  /** Records that a message will be delivered later. */
  announce: (message: TurnMessage, delivery: "queued" | "replaced") => void;
  /** Records that a message was delivered. */
  settle: (message: TurnMessage, delivery: "steered" | "queued" | "replaced") => void;
}

const TurnSchema = v.looseObject({ turn: v.looseObject({ id: v.string() }) });
const NoteSchema = v.looseObject({ threadId: v.optional(v.string()) });
const EndSchema = v.looseObject({ turn: v.looseObject({ id: v.string(), status: v.string() }) });

/** End of the last turn of a run. */
type TurnEnd = "completed" | "failed";

/**
 * Drives the turns of one run in an app-server: starts the first or finds it again, writes the log, delivers messages, and starts a
 * further turn for each message that is to follow.
 */
export class TurnDriver {
  readonly #turn: TurnRequest;
  readonly #log: LogWriter;
  readonly #logged: LoggedRun | undefined;
  readonly #translator: Translator;
  readonly #end = Promise.withResolvers<TurnEnd>();
  /** Messages that start a turn when the running one has ended. */
  readonly #followUps: TurnMessage[] = [];
  /** Notifications that came before the log had what was before them. */
  #held: [method: string, params: unknown][] | undefined = [];
  #connection: AppServerConnection | undefined;
  #threadId = "";
  #turnId: string | undefined;
  /** Whether the running turn was interrupted for a message. */
  #isReplaced = false;
  #work: Promise<void> = Promise.resolve();

  /** @param logged what the log has of the run, if an earlier supervisor began it */
  constructor(turn: TurnRequest, log: LogWriter, logged: LoggedRun | undefined) {
    this.#turn = turn;
    this.#log = log;
    this.#logged = logged;
    this.#translator = new Translator(turn.runId, logged?.completed);
  }

  /** Runs the turns. @returns how the last one ended */
  async run(socket: string, exited: Promise<ProcessEnd>): Promise<TurnEnd> {
    let stopWatching: (() => void) | undefined;
    try {
      const connection = await connect(socket, exited, (method, params) => this.#notified(method, params));
      this.#connection = connection;
      this.#threadId = await openThread(connection, this.#turn, this.#logged, this.#log);
      await this.#begin();
      stopWatching = this.#turn.messages.watch(() => this.#deliver());
      this.#deliver(this.#logged !== undefined);
      const lost = connection.closed.then(() => exited).then(() => "failed" as const);
      return await Promise.race([this.#end.promise, lost]);
    } catch (error) {
      this.#fail(error);
      return "failed";
    } finally {
      stopWatching?.();
      this.#connection?.close();
    }
  }

  /** Starts the run's turn, or brings the log up to date with the one that an earlier supervisor started. */
  async #begin(): Promise<void> {
    const known =
      this.#logged === undefined ? undefined : await findTurn(this.#link, this.#threadId, this.#turn, this.#logged);
    if (known === undefined) await this.#start(turnInput(this.#turn), this.#turn.runId, this.#turn.outputSchema);
    else {
      if (this.#logged?.turnId !== known.id) this.#log.write([{ type: "turn.started", turn_id: known.id }]);
      this.#turnId = known.id;
      const items = await listItems(this.#link, this.#threadId, known.id);
      for (const item of items) this.#log.write(this.#translator.complete(item));
    }
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [method, params] of held) this.#notified(method, params);
    if (known !== undefined && known.status !== "inProgress") this.#notified("turn/completed", { turn: known });
  }

  async #start(input: readonly object[], messageId: string, outputSchema?: object): Promise<void> {
    const started = await this.#link.request("turn/start", {
      threadId: this.#threadId,
      input,
      sandboxPolicy: this.#turn.sandboxPolicy,
      clientUserMessageId: messageId,
      ...(outputSchema !== undefined && { outputSchema }),
    });
    const { turn } = readField(TurnSchema, started, "turn/start");
    this.#turnId = turn.id;
    this.#log.write([{ type: "turn.started", turn_id: turn.id }]);
  }

  #notified(method: string, params: unknown): void {
    if (this.#held !== undefined) {
      this.#held.push([method, params]);
      return;
    }
    const about = v.safeParse(NoteSchema, params);
    // A sub-agent has a thread of its own.
    if (about.success && about.output.threadId !== undefined && about.output.threadId !== this.#threadId) return;
    if (method === "turn/started") return;
    if (method === "turn/completed") this.#completed(params);
    else this.#log.write(this.#translator.translate(method, params));
  }

  #completed(params: unknown): void {
    const { turn } = readField(EndSchema, params, "turn/completed");
    if (this.#turnId !== undefined && turn.id !== this.#turnId) return;
    this.#turnId = undefined;
    // A turn that was replaced is not the end of the run.
    if (!this.#isReplaced) this.#log.write(this.#translator.translate("turn/completed", params));
    this.#isReplaced = false;
    this.#queue(async () => {
      const next = this.#followUps.shift();
      if (next === undefined) this.#end.resolve(turn.status === "completed" ? "completed" : "failed");
      else await this.#follow(next);
    });
  }

  /** Delivers the messages that have come, one after the other. */
  #deliver(isAdopted = false): void {
    this.#queue(async () => {
      for (const message of this.#turn.messages.take(isAdopted)) {
        if (this.#translator.hasMessage(message.id)) this.#turn.messages.settle(message, "steered");
        else await this.#deliverOne(message);
      }
    });
  }

  async #deliverOne(message: TurnMessage): Promise<void> {
    const { messages } = this.#turn;
    if (message.when === "now" && (await this.#steer(message))) return messages.settle(message, "steered");
    if (this.#turnId === undefined) return this.#follow(message);
    if (message.when !== "instead") {
      this.#followUps.push(message);
      return messages.announce(message, "queued");
    }
    this.#followUps.unshift(message);
    messages.announce(message, "replaced");
    this.#isReplaced = true;
    await this.#link.request("turn/interrupt", { threadId: this.#threadId, turnId: this.#turnId });
    // Interrupting leaves its commands running.
    await this.#link.request("thread/backgroundTerminals/clean", { threadId: this.#threadId }).catch(() => undefined);
  }

  /** @returns false if the turn ended before the message reached it */
  async #steer({ id, text }: TurnMessage): Promise<boolean> {
    if (this.#turnId === undefined) return false;
    try {
      await this.#link.request("turn/steer", {
        threadId: this.#threadId,
        expectedTurnId: this.#turnId,
        input: textInput(text),
        clientUserMessageId: id,
      });
      return true;
    } catch (error) {
      if (error instanceof AppServerError) return false;
      throw error;
    }
  }

  async #follow(message: TurnMessage): Promise<void> {
    await this.#start(textInput(message.text), message.id);
    this.#turn.messages.settle(message, message.when === "instead" ? "replaced" : "queued");
  }

  /** Runs work after the work before it. */
  #queue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#fail(error);
      this.#end.resolve("failed");
    });
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#log.write([
      { type: "error", message },
      { type: "turn.failed", error: { message } },
    ]);
  }

  get #link(): AppServerConnection {
    if (this.#connection === undefined) throw new AppServerError("There is no connection to the app-server.");
    return this.#connection;
  }
}

function textInput(text: string): object[] {
  return [{ type: "text", text, text_elements: [] }];
}

function turnInput({ prompt, images }: TurnRequest): object[] {
  return [...textInput(prompt), ...images.map((path) => ({ type: "localImage", path }))];
}

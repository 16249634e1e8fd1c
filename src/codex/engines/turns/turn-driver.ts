import type { ProcessEnd } from "#codex/process.ts";
import type { FollowUp } from "#domain/follow-up.ts";
import { AppServerError } from "#codex/engines/connection/app-server-error.ts";
import { type AppServerConnection, readField } from "#codex/engines/connection/connection.ts";
import type { Channel } from "#codex/engines/connection/channel.ts";
import { GoalKeeper } from "./goal-keeper.ts";
import { Interviewer } from "#codex/engines/questions/interviewer.ts";
import { JoinedTurns } from "./joined-turns.ts";
import type { LoggedRun, LogWriter } from "#codex/engines/log-writer.ts";
import { MessageDelivery, type RunningTurn } from "./message-delivery.ts";
import { completeSettings } from "#codex/engines/run-settings.ts";
import { connect, findTurns, isOfOther, listItems, openThread, TurnSchema, waitForLoss } from "./thread.ts";
import { Translator } from "#codex/engines/translate.ts";
import { HeldNotifications, WorkQueue } from "./work-queue.ts";
import { textInput, turnInput, type TurnRequest, turnStart } from "#codex/engines/turn-request.ts";

/** End of the last turn of a run; `unusable` if the app-server did not even open the thread. */
type TurnEnd = "completed" | "failed" | "unusable";

/** Drives the turns of one run in an app-server: starts or finds them, writes the log, delivers messages, and asks questions. */
export class TurnDriver {
  #turn: TurnRequest;
  readonly #log: LogWriter;
  readonly #logged: LoggedRun | undefined;
  readonly #translator: Translator;
  readonly #interviewer: Interviewer;
  readonly #end = Promise.withResolvers<TurnEnd>();
  readonly #delivery: MessageDelivery;
  readonly #joined: JoinedTurns;
  readonly #goal: GoalKeeper;
  /** Whether a message has come that waits for a turn of its own, since the follow-ups were asked. */
  #hasWaiting = false;
  /** Follow-up that the running turn began with, until the thread has it. */
  #opening: FollowUp | undefined;
  readonly #held = new HeldNotifications();
  #connection: AppServerConnection | undefined;
  #threadId = "";
  #turnId: string | undefined;
  /** Turn that has ended last: to a process that has just joined, its end may be told and also be in the list of turns. */
  #endedTurn: string | undefined;
  /** Whether the last turn has ended: no message is taken any more. */
  #isOver = false;
  /** Whether the thread was opened, and so the log begun. */
  #hasThread = false;
  /** Ends what the sources of follow-ups do when another turn has begun meanwhile. */
  #superseding = new AbortController();
  /** End of the last turn, after which Codex starts the next by itself. */
  #leftAfter: TurnEnd | "interrupted" | undefined;
  readonly #work = new WorkQueue((error) => this.#fail(error));

  /** @param logged what the log has of the run, if an earlier supervisor began it */
  constructor(turn: TurnRequest, log: LogWriter, logged: LoggedRun | undefined) {
    this.#turn = turn;
    this.#log = log;
    this.#logged = logged;
    this.#translator = new Translator(turn.runId, (id) => this.#read(id), logged);
    this.#goal = new GoalKeeper(turn.goal);
    this.#joined = new JoinedTurns(() => turn.isJoined?.() === true);
    this.#interviewer = new Interviewer(turn, log, (text) => this.#delivery.tell(text, this.#runningTurn));
    this.#delivery = new MessageDelivery(turn.messages, (method, params) => this.#link.request(method, params));
  }

  /** Returns whether the run has begun in the app-server. */
  get hasThread(): boolean {
    return this.#hasThread || this.#logged?.threadId !== undefined;
  }

  /** Runs the turns. @returns how the last one ended */
  async run(channel: Channel, exited: Promise<ProcessEnd>): Promise<TurnEnd> {
    let stopWatching: (() => void) | undefined;
    try {
      const connection = await connect(channel, exited, {
        notified: (method, params) => this.#work.run(() => this.#notified(method, params)),
        asked: (method, params, id) => this.#interviewer.answer(method, params, id),
      });
      this.#connection = connection;
      this.#turn = await completeSettings(connection, this.#turn);
      this.#threadId = await openThread(connection, this.#turn, this.#logged, this.#log);
      this.#hasThread = true;
      const ended = await this.#begin();
      this.#interviewer.withdrawOld(this.#logged?.open);
      stopWatching = this.#turn.messages.watch(() => this.#deliver());
      this.#deliver();
      // Messages that the earlier supervisor had taken come first: without any, the end of the turn is the end of the run.
      if (ended !== undefined) this.#work.add(async () => this.#notified("turn/completed", { turn: ended }));
      return await Promise.race([this.#end.promise, this.#lost(connection, exited)]);
    } catch (error) {
      this.#log.writeFailure(error, this.hasThread);
      return this.hasThread ? "failed" : "unusable";
    } finally {
      stopWatching?.();
      this.#turn.questions?.close();
      this.#connection?.close();
    }
  }

  async #lost(connection: AppServerConnection, exited: Promise<ProcessEnd>): Promise<TurnEnd> {
    const end = await waitForLoss(connection, exited);
    if (end === undefined && !this.#isOver) this.#fail(new AppServerError("The app-server closed the connection."));
    return "failed";
  }

  /**
   * Starts the run's turn, or brings the log up to date with the one that an earlier supervisor started.
   * @returns the turn if it has ended
   */
  async #begin(): Promise<object | undefined> {
    const known =
      this.#logged === undefined ? [] : await findTurns(this.#link, this.#threadId, this.#turn, this.#logged);
    if (this.#logged === undefined) await this.#goal.pauseOld(this.#link, this.#turn.threadId);
    if (known.length === 0) await this.#start(turnInput(this.#turn), this.#turn.runId);
    this.#log.write(await this.#goal.set(this.#link, this.#threadId, this.#logged !== undefined));
    for (const { id } of known) {
      if (this.#logged?.turnId !== id) this.#log.write([{ type: "turn.started", turn_id: id }]);
      this.#turnId = id;
      const items = await listItems(this.#link, this.#threadId, id);
      for (const item of items) this.#log.write(this.#translator.complete(item));
    }
    this.#held.release((method, params) => this.#notified(method, params));
    const last = known.at(-1);
    return last?.status === "inProgress" ? undefined : last;
  }

  async #start(input: readonly object[], messageId: string): Promise<void> {
    const params = turnStart(this.#turn, this.#threadId, input, messageId);
    const started = await this.#joined.starting(() => this.#link.request("turn/start", params));
    this.#recordTurn(readField(TurnSchema, started, "turn/start").turn.id);
  }

  #recordTurn(turnId: string): void {
    this.#turnId = turnId;
    this.#superseding.abort();
    this.#leftAfter = undefined;
    this.#log.write([{ type: "turn.started", turn_id: turnId }]);
  }

  #notified(method: string, params: unknown): void {
    this.#interviewer.notice(method, params);
    if (this.#held.keep(method, params)) return;
    if (isOfOther(this.#threadId, params)) return;
    if (method === "turn/started") {
      const started = this.#joined.findStarted(params, this.#turnId);
      if (started !== undefined) this.#recordTurn(started);
    } else if (method === "turn/completed") this.#completed(params);
    else this.#log.write([...this.#translator.translate(method, params), ...this.#goal.translate(method, params)]);
    if (this.#leftAfter && !this.#goal.isPursued) void this.#continue(this.#leftAfter);
  }

  #completed(params: unknown): void {
    const { turn } = readField(TurnSchema, params, "turn/completed");
    if (turn.id === this.#endedTurn || (this.#turnId !== undefined && turn.id !== this.#turnId)) return;
    [this.#turnId, this.#endedTurn] = [undefined, turn.id];
    const wasReplaced = this.#delivery.endTurn();
    const cancelled = this.#interviewer.explainCancel(params);
    const isInterrupted = !wasReplaced && turn.status === "interrupted" && cancelled === undefined;
    // A turn that was replaced or interrupted is not the end of the run, and what it began with may be lost.
    if (isInterrupted) this.#log.writeEnd(turn.id, [{ type: "turn.interrupted", turn_id: turn.id }]);
    const end = cancelled ?? params;
    if (!wasReplaced && !isInterrupted) this.#log.writeEnd(turn.id, this.#translator.translate("turn/completed", end));
    if (!wasReplaced && this.#opening !== undefined) this.#read(this.#opening.id);
    this.#opening = undefined;
    const how = isInterrupted ? "interrupted" : turn.status === "completed" ? "completed" : "failed";
    // Messages are taken while the follow-ups are asked, which may take long.
    this.#work.add(async () => void this.#continue(how));
  }

  /** Asks what follows a turn, and starts it, or ends the run. */
  async #continue(end: TurnEnd | "interrupted"): Promise<void> {
    this.#hasWaiting = false;
    this.#leftAfter = undefined;
    const { signal: superseded } = (this.#superseding = new AbortController());
    const turn = { isCompleted: end === "completed", isInterrupted: end === "interrupted" };
    const more = { isPursued: this.#goal.isPursued, superseded, lastMessage: this.#translator.lastMessage };
    const asked = this.#turn.followUps.next({ ...turn, ...more });
    // The work that follows reports a failure.
    await asked.catch(() => undefined);
    this.#work.add(async () => {
      const next = await asked;
      if (next !== undefined) return this.#follow(next, end);
      await this.#take();
      if (this.#hasWaiting) return void this.#continue(end);
      if (this.#turnId !== undefined) return;
      if (this.#goal.isPursued && !turn.isInterrupted) return void (this.#leftAfter = end);
      if (await this.#joined.willFollow(turn.isInterrupted)) return;
      this.#isOver = true;
      this.#end.resolve(end === "completed" ? end : "failed");
    });
  }

  /** Delivers the messages that have come, one after the other. */
  #deliver(): void {
    this.#work.add(async () => {
      // Its sender takes a message back that came after the end, and starts the next run with it.
      if (this.#isOver) return;
      await this.#take();
      if (this.#hasWaiting && this.#joined.isAwaited) return void this.#continue("interrupted");
      await this.#replace();
    });
  }

  async #take(): Promise<void> {
    const isRead = (id: string) => this.#translator.hasMessage(id);
    if (await this.#delivery.deliver(() => this.#runningTurn, isRead)) this.#hasWaiting = true;
  }

  /** Interrupts the turn if a message waits that is to replace it, and the turn's own message is not lost by that. */
  async #replace(): Promise<void> {
    if (this.#opening === undefined) await this.#delivery.replace(this.#runningTurn);
  }

  /** Records that the thread has a message. */
  #read(id: string): void {
    this.#turn.messages.recordRead(id);
    const opening = this.#opening;
    if (opening?.id !== id) return;
    this.#opening = undefined;
    this.#turn.followUps.started(opening);
    this.#work.add(() => this.#replace());
  }

  async #follow(followUp: FollowUp, end: TurnEnd | "interrupted"): Promise<void> {
    this.#opening = followUp;
    if (this.#translator.hasMessage(followUp.id)) {
      // An earlier supervisor had given it to Codex.
      this.#read(followUp.id);
      return void this.#continue(end);
    }
    // A short turn may have ended before the answer to its start is handled.
    this.#held.hold();
    await this.#start(textInput(followUp.text), followUp.id);
    this.#log.write(await this.#goal.resume(this.#link, this.#threadId));
    this.#held.release((method, params) => this.#notified(method, params));
    // A message that is to replace a turn may have come meanwhile.
    await this.#replace();
  }

  get #runningTurn(): RunningTurn | undefined {
    return this.#turnId === undefined ? undefined : { threadId: this.#threadId, turnId: this.#turnId };
  }

  #fail(error: unknown): void {
    this.#log.writeFailure(error);
    this.#end.resolve("failed");
  }

  get #link(): AppServerConnection {
    if (this.#connection === undefined) throw new AppServerError("There is no connection to the app-server.");
    return this.#connection;
  }
}

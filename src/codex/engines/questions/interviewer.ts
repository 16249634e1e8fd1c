import * as v from "valibot";
import { type AskedChange, type Question, type QuestionAnswer, questionIdOf } from "#domain/question.ts";
import { AppServerError } from "#codex/engines/connection/app-server-error.ts";
import type { LogWriter } from "#codex/engines/log-writer.ts";
import type { AskedQuestion } from "./read-elicitation.ts";
import { readQuestion } from "./read-question.ts";
import type { QuestionDesk, TurnRequest } from "#codex/engines/turn-request.ts";

const ResolvedSchema = v.looseObject({ requestId: v.union([v.string(), v.number()]) });
const ChangeItemSchema = v.looseObject({
  item: v.looseObject({
    type: v.literal("fileChange"),
    id: v.string(),
    changes: v.array(
      v.looseObject({
        path: v.string(),
        kind: v.looseObject({ type: v.string(), move_path: v.nullish(v.string()) }),
        diff: v.nullish(v.string(), ""),
      }),
    ),
  }),
});

/** The call that a request is about. In a thread, Codex finds what an answer is for by `approvalId` or, without one, by `itemId`. */
const CallSchema = v.looseObject({
  threadId: v.nullish(v.string(), ""),
  itemId: v.string(),
  approvalId: v.nullish(v.string()),
});

/** Answers what an app-server asks its clients: asks people by the desk, and refuses what it does not know. */
export class Interviewer {
  readonly #run: number;
  readonly #desk: QuestionDesk | undefined;
  readonly #log: LogWriter;
  readonly #tell: (text: string) => Promise<unknown>;
  /** Changes of the files by item, while they are not applied. */
  readonly #changes = new Map<string, AskedChange[]>();
  /** Ids of the questions that the app-server has asked this process, by its requests. */
  readonly #asked = new Map<string, string>();

  /** Items that began twice with other changes: which of them a request means is not known. */
  readonly #ambiguous = new Set<string>();
  /** Open requests by the names of their calls. */
  readonly #calls = new Map<string, { request: string | number; id: string }>();
  /** Ids of the questions that are refused because another request has the same call. */
  readonly #refused = new Set<string>();

  /** Answer that ends the running turn. */
  #cancelledBy: string | undefined;

  /** @param tell tells the model something in its running turn */
  constructor(
    { run, questions }: Pick<TurnRequest, "run" | "questions">,
    log: LogWriter,
    tell: (text: string) => Promise<unknown>,
  ) {
    this.#run = run;
    this.#desk = questions;
    this.#log = log;
    this.#tell = tell;
  }

  /**
   * Answers one request.
   * @returns undefined if Codex has the answer of another client
   * @throws AppServerError if it is refused: the app-server counts that as declined
   */
  async answer(method: string, params: unknown, request: string | number): Promise<object | undefined> {
    const desk = this.#desk;
    const { asked, known } = this.#read(method, params, questionIdOf(this.#run, request));
    if (desk === undefined || asked === undefined) {
      throw new AppServerError(
        `${method} is not supported${desk === undefined ? ": this task does not ask" : " by this client"}.`,
      );
    }
    const { id } = asked.question;
    this.#asked.set(String(request), id);
    const call = nameCall(params);
    // At once: nothing may come between this and what notes the call.
    if (call !== undefined) this.#refuseSameCall(desk, call, request);
    const question = known ?? desk.prepare(asked.question);
    if (known === undefined) this.#log.write([{ type: "question", question: desk.abridge(question) }]);
    if (call !== undefined) this.#calls.set(call, { request, id });
    const answer = await desk.ask(question).finally(() => {
      if (call !== undefined && this.#calls.get(call)?.id === id) this.#calls.delete(call);
    });
    if (this.#refused.has(id)) {
      this.#logAnswer(id, { ...answer, decision: "decline" });
      throw new AppServerError(SAME_CALL);
    }
    // The turn may be ending.
    if (answer.cause === "timeout") await this.#tell(unansweredNote(question.text)).catch(() => undefined);
    this.#logAnswer(id, answer);
    const isRefusal = question.kind === "command" || question.kind === "changes";
    if (isRefusal && answer.decision === "cancel") this.#cancelledBy = `The answer cancel to ${id} (${answer.by})`;
    return answer.cause === "withdrawn" ? undefined : asked.toResult(answer);
  }

  /**
   * Refuses a request about a call that another open request is about, and that one, too: the model names its calls, and Codex would give
   * an answer to the one that was asked last, whichever was shown.
   * @throws AppServerError
   */
  #refuseSameCall(desk: QuestionDesk, call: string, request: string | number): void {
    const open = this.#calls.get(call);
    if (open === undefined || open.request === request) return;
    this.#refused.add(open.id);
    desk.settle(open.id);
    void this.#tell(`${SAME_CALL} Give each call an id of its own.`).catch(() => undefined);
    throw new AppServerError(SAME_CALL);
  }

  /**
   * Reads a request as a question, and finds the question if an earlier supervisor asked it. One of the same name with other content is
   * another question, to which no answer of the first applies.
   */
  #read(method: string, params: unknown, name: string): { asked: AskedQuestion | undefined; known?: Question } {
    for (let number = 1; ; number++) {
      const id = number === 1 ? name : `${name}_${number}`;
      const known = this.#desk?.find(id);
      const asked = readQuestion(method, params, id, (item) => this.#changes.get(item) ?? known?.changes);
      if (known === undefined || asked === undefined) return { asked };
      const { asked_at: _asked, expires_at: _expires, ...content } = known;
      if (Bun.deepEquals(asked.question, content)) return { asked, known };
    }
  }

  /** Takes notice of a notification about what was asked, or of what may be. */
  notice(method: string, params: unknown): void {
    const desk = this.#desk;
    if (desk === undefined) return;
    if (method === "serverRequest/resolved") {
      const parsed = v.safeParse(ResolvedSchema, params);
      const id = parsed.success ? this.#asked.get(String(parsed.output.requestId)) : undefined;
      if (id !== undefined) desk.settle(id);
    } else if (method === "item/started") {
      const parsed = v.safeParse(ChangeItemSchema, params);
      if (!parsed.success) return;
      const { id, changes } = parsed.output.item;
      const begun = changes.map(({ path, kind: { type, move_path: target }, diff }) => ({
        path: target ? `${path} → ${target}` : path,
        kind: target ? "move" : type,
        diff: diff ?? "",
      }));
      const before = this.#changes.get(id);
      if (before !== undefined && !Bun.deepEquals(before, begun)) this.#ambiguous.add(id);
      if (this.#ambiguous.has(id)) this.#changes.delete(id);
      else this.#changes.set(id, begun);
    } else if (method === "item/completed") {
      const parsed = v.safeParse(v.looseObject({ item: v.looseObject({ id: v.string() }) }), params);
      if (parsed.success) this.#changes.delete(parsed.output.item.id);
    }
  }

  /** Returns the end of a turn with its reason if the last answer was cancel, which ends the turn; otherwise undefined. */
  explainCancel(params: unknown): object | undefined {
    const parsed = v.safeParse(v.looseObject({ turn: v.looseObject({}) }), params);
    if (this.#cancelledBy === undefined || !parsed.success) return undefined;
    const error = { message: `${this.#cancelledBy} ended the turn.` };
    this.#cancelledBy = undefined;
    return { ...parsed.output, turn: { ...parsed.output.turn, error } };
  }

  /**
   * Withdraws what an earlier supervisor asked and the app-server, which asks again, has not.
   * @param logged questions that have no answer in the log: while there is one, the run counts as waiting
   */
  withdrawOld(logged: Iterable<string> = []): void {
    const asked = new Set(this.#asked.values());
    for (const id of logged) {
      const answer = { decision: "decline", by: "another client of Codex", cause: "withdrawn" } as const;
      if (!asked.has(id)) this.#logAnswer(id, answer);
    }
    for (const { id } of this.#desk?.open() ?? []) if (!asked.has(id)) this.#desk?.settle(id);
  }

  #logAnswer(id: string, { decision, by, cause }: Omit<QuestionAnswer, "at">): void {
    this.#log.write([{ type: "answer", id, decision, by, ...(cause !== undefined && { cause }) }]);
  }
}

const SAME_CALL = "Requests of several calls with the same id were declined.";

/** Returns the name by which Codex finds what an answer to a request is for; undefined if it has none. */
function nameCall(params: unknown): string | undefined {
  const parsed = v.safeParse(CallSchema, params);
  if (!parsed.success) return undefined;
  const { threadId, itemId, approvalId } = parsed.output;
  return JSON.stringify([threadId, approvalId ?? itemId]);
}

function unansweredNote(text: string): string {
  return `No one answered in time, so this was declined: ${text}. Go on without it, or say at the end what is missing.`;
}

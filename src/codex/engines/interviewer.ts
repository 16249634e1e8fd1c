import * as v from "valibot";
import { type AskedChange, type Question, type QuestionAnswer, questionIdOf } from "#domain/question.ts";
import { AppServerError } from "./app-server-error.ts";
import type { LogWriter } from "./log-writer.ts";
import type { AskedQuestion } from "./read-elicitation.ts";
import { readQuestion } from "./read-question.ts";
import type { QuestionDesk, TurnRequest } from "./turn-request.ts";

const ResolvedSchema = v.looseObject({ requestId: v.union([v.string(), v.number()]) });
const ChangeItemSchema = v.looseObject({
  item: v.looseObject({
    type: v.literal("fileChange"),
    id: v.string(),
    changes: v.array(
      v.looseObject({ path: v.string(), kind: v.looseObject({ type: v.string() }), diff: v.nullish(v.string(), "") }),
    ),
  }),
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
    const question = known ?? desk.prepare(asked.question);
    if (known === undefined) this.#log.write([{ type: "question", question: desk.abridge(question) }]);
    const answer = await desk.ask(question);
    // The turn may be ending.
    if (answer.cause === "timeout") await this.#tell(unansweredNote(question.text)).catch(() => undefined);
    this.#logAnswer(id, answer);
    const isRefusal = question.kind === "command" || question.kind === "changes";
    if (isRefusal && answer.decision === "cancel") this.#cancelledBy = `The answer cancel to ${id} (${answer.by})`;
    return answer.cause === "withdrawn" ? undefined : asked.toResult(answer);
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
      this.#changes.set(
        id,
        changes.map(({ path, kind, diff }) => ({ path, kind: kind.type, diff: diff ?? "" })),
      );
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

function unansweredNote(text: string): string {
  return `No one answered in time, so this was declined: ${text}. Go on without it, or say at the end what is missing.`;
}

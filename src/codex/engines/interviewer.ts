import * as v from "valibot";
import { questionIdOf } from "#domain/question.ts";
import type { QuestionAnswer, AskedChange } from "#domain/question.ts";
import { AppServerError } from "./app-server-error.ts";
import type { LogWriter } from "./log-writer.ts";
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
  /** Ids of the questions that the app-server has asked this process. */
  readonly #asked = new Set<string>();
  #hasCancelled = false;

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
    const id = questionIdOf(this.#run, request);
    const known = desk?.find(id);
    const asked = readQuestion(method, params, id, (item) => known?.changes ?? this.#changes.get(item));
    if (desk === undefined || asked === undefined) {
      throw new AppServerError(
        `${method} is not supported${desk === undefined ? ": this task does not ask" : " by this client"}.`,
      );
    }
    this.#asked.add(id);
    const question = known ?? desk.prepare(asked.question);
    if (known === undefined) this.#log.write([{ type: "question", question: desk.abridge(question) }]);
    const answer = await desk.ask(question);
    // The turn may be ending.
    if (answer.cause === "timeout") await this.#tell(unansweredNote(question.text)).catch(() => undefined);
    this.#logAnswer(id, answer);
    if (answer.cause !== "withdrawn" && answer.decision === "cancel") this.#hasCancelled = true;
    return answer.cause === "withdrawn" ? undefined : asked.toResult(answer);
  }

  /** Returns whether an answer from here has ended the turn, and forgets it. */
  takeCancel(): boolean {
    const hasCancelled = this.#hasCancelled;
    this.#hasCancelled = false;
    return hasCancelled;
  }

  /** Takes notice of a notification about what was asked, or of what may be. */
  notice(method: string, params: unknown): void {
    const desk = this.#desk;
    if (desk === undefined) return;
    if (method === "serverRequest/resolved") {
      const parsed = v.safeParse(ResolvedSchema, params);
      if (parsed.success) desk.settle(questionIdOf(this.#run, parsed.output.requestId));
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

  /** Withdraws what an earlier supervisor asked and the app-server, which asks again, has not. */
  withdrawOld(): void {
    for (const { id } of this.#desk?.open() ?? []) if (!this.#asked.has(id)) this.#desk?.settle(id);
  }

  #logAnswer(id: string, { decision, by, cause }: QuestionAnswer): void {
    this.#log.write([{ type: "answer", id, decision, by, ...(cause !== undefined && { cause }) }]);
  }
}

function unansweredNote(text: string): string {
  return `No one answered in time, so this was declined: ${text}. Go on without it, or say at the end what is missing.`;
}

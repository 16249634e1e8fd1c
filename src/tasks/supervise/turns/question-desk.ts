import type { QuestionDesk } from "#codex/engines/turn-request.ts";
import { abridgeQuestion, type Question, type QuestionAnswer, type QuestionContent } from "#domain/question.ts";
import type { RunningTask } from "#domain/record.ts";
import type { FolderWatch } from "#platform/files/watch-folder.ts";
import type { Store } from "#store/store.ts";
import { taskPaths, type TaskPaths } from "#store/store-paths.ts";
import {
  offerAnswer,
  questionFile,
  readAnswerFile,
  readQuestionFile,
  recordQuestions,
  removeAnswer,
  replaceAnswer,
  type StoredAnswer,
  watchAnswers,
  writeQuestionFile,
} from "#store/tasks/questions.ts";
import { tryTo } from "#tasks/supervise/try-to.ts";

/** Interval at which it is checked whether the time of a question is over, in milliseconds. */
const EXPIRY_INTERVAL_MS = 1000;

/** Maximum number of open questions: an agent can ask in parallel. */
const MAX_OPEN = 50;

/** Last time that has a name, in milliseconds since 1970: a limit may be as long as numbers are. */
const LAST_TIME_MS = 8.64e15;

/** Question that this process asks. */
interface Asked {
  question: Question;
  resolve: (answer: QuestionAnswer) => void;
}

/** The questions of one run: files in the task's folder, and its record, which shows those that are open. */
export class TaskQuestions implements QuestionDesk {
  readonly #store: Store;
  readonly #task: RunningTask;
  readonly #paths: TaskPaths;
  readonly #timeoutSeconds: number;
  readonly #clock: () => number;
  readonly #open: Map<string, Question>;
  readonly #asked = new Map<string, Asked>();
  readonly #watch: FolderWatch;
  readonly #timer: Timer;

  /**
   * @param timeoutSeconds time after which an unanswered question is declined; 0: never
   * @param clock returns the time of day in milliseconds: also time in which the machine sleeps counts
   */
  constructor(store: Store, task: RunningTask, timeoutSeconds: number, clock: () => number = Date.now) {
    this.#store = store;
    this.#task = task;
    this.#paths = taskPaths(store.paths.home, task.task_id);
    this.#timeoutSeconds = timeoutSeconds;
    this.#clock = clock;
    this.#open = new Map(task.questions?.map((question) => [question.id, question]));
    this.#watch = watchAnswers(this.#paths, () => this.#look());
    this.#timer = setInterval(() => this.#look(), EXPIRY_INTERVAL_MS);
  }

  find(id: string): Question | undefined {
    return readQuestionFile(this.#paths, id);
  }

  prepare(content: QuestionContent): Question {
    const asked = this.#clock();
    const timeoutSeconds = this.#timeoutSeconds === 0 ? Number.POSITIVE_INFINITY : this.#timeoutSeconds;
    const expires = Math.min(asked + timeoutSeconds * 1000, LAST_TIME_MS);
    return { ...content, asked_at: toTime(asked), expires_at: toTime(expires) };
  }

  async ask(question: Question): Promise<QuestionAnswer> {
    const { id } = question;
    if (this.#open.size >= MAX_OPEN && !this.#open.has(id)) throw new Error("Too many questions are open.");
    writeQuestionFile(this.#paths, question);
    // Codex asks again.
    if (readAnswerFile(this.#paths, id)?.settled === true) removeAnswer(this.#paths, id);
    const { promise, resolve } = Promise.withResolvers<QuestionAnswer>();
    this.#asked.set(id, { question, resolve });
    this.#open.set(id, this.abridge(question));
    // An answer may be there: given while the run had no supervisor.
    if (!this.#take(id)) this.#record();
    return promise;
  }

  abridge(question: Question): Question {
    return abridgeQuestion(question, questionFile(this.#paths, question.id));
  }

  settle(id: string): void {
    const answer = readAnswerFile(this.#paths, id);
    const asked = this.#asked.get(id);
    if (asked === undefined && answer === undefined && !this.#open.has(id)) return;
    const isOver = answer === undefined || asked !== undefined;
    // What the values say is Codex's now; they may be secret.
    const { values: _values, ...kept } = isOver ? this.#ownAnswer("withdrawn") : answer;
    tryTo(id, () => replaceAnswer(this.#paths, id, { ...kept, taken: true, settled: true }));
    if (isOver) this.#resolve(id, kept);
    else if (this.#open.delete(id)) this.#record();
  }

  open(): readonly Question[] {
    return [...this.#open.values()];
  }

  close(): void {
    this.#watch.close();
    clearInterval(this.#timer);
  }

  /** Takes the answers that have come, and declines what no one has answered in time. */
  #look(): void {
    for (const [id, { question }] of this.#asked) {
      if (this.#take(id) || this.#clock() < Date.parse(question.expires_at)) continue;
      const answer = this.#ownAnswer("timeout");
      tryTo(id, () => offerAnswer(this.#paths, id, answer));
      if (!this.#take(id)) this.#resolve(id, answer);
    }
  }

  /** Takes the answer to a question. @returns whether there is one */
  #take(id: string): boolean {
    const answer = readAnswerFile(this.#paths, id);
    if (answer === undefined) return false;
    tryTo(id, () => replaceAnswer(this.#paths, id, { ...answer, taken: true }));
    this.#resolve(id, answer);
    return true;
  }

  #resolve(id: string, { key: _key, taken: _taken, settled: _settled, ...answer }: StoredAnswer): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (this.#open.delete(id)) this.#record();
    asked?.resolve(answer);
  }

  #ownAnswer(cause: "timeout" | "withdrawn"): StoredAnswer {
    const by = cause === "timeout" ? "no one" : "another client of Codex";
    return { key: crypto.randomUUID(), decision: "decline", by, at: toTime(this.#clock()), cause };
  }

  #record(): void {
    tryTo(this.#task.task_id, () => recordQuestions(this.#store, this.#task, this.open()));
  }
}

function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

import { linkSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import { errnoOf } from "#base/errors.ts";
import { type QuestionAnswer, DECISIONS, type FieldValue, type Question } from "#domain/question.ts";
import type { RunningTask } from "#domain/record.ts";
import { prepareFile, repairPrivateFolder, writePrivateFile } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { type FolderWatch, watchFolder } from "#platform/files/watch-folder.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import type { Store } from "#store/store.ts";
import type { TaskPaths } from "#store/store-paths.ts";
import { changeRunningTask } from "./running-record.ts";

// A question is a file of the task's folder, `<id>.json`, and so is its answer, `<id>.answer`. An answer is linked to its name, which
// fails if there is one: the first answer counts, even of two at the same moment, and whether a supervisor lives or not.

/** Answer as it is stored. */
export interface StoredAnswer extends QuestionAnswer {
  /** Distinguishes this answer from another of the same content. */
  key: string;
  /** Set when the run's supervisor has it. */
  taken?: true;
  /** Set when Codex has it: it applies to no further question of the same name. */
  settled?: true;
}

const FieldValueSchema = v.union([v.string(), v.number(), v.boolean(), v.array(v.string())]);

function areValues(given: unknown): boolean {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return false;
  return Object.values(given).every((value) => v.is(FieldValueSchema, value));
}

const AnswerSchema: v.GenericSchema<StoredAnswer> = v.object({
  key: v.string(),
  taken: v.exactOptional(v.literal(true)),
  settled: v.exactOptional(v.literal(true)),
  decision: v.picklist(DECISIONS),
  // Not a record of valibot, which leaves out names such as `constructor`.
  values: v.exactOptional(v.custom<Record<string, FieldValue>>(areValues)),
  by: v.string(),
  at: v.string(),
  cause: v.exactOptional(v.picklist(["timeout", "withdrawn"])),
});

/** Returns the path of a question's file. */
export function questionFile({ questions }: TaskPaths, id: string): string {
  return join(questions, `${id}.json`);
}

/** Returns a question that was asked; undefined if there is none of this id. */
export function readQuestionFile(paths: TaskPaths, id: string): Question | undefined {
  const question = parseJsonAs(v.looseObject({ id: v.literal(id) }), tryReadText(questionFile(paths, id)));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this program writes it, from a Question
  return question as unknown as Question | undefined;
}

/** Stores a question. @throws AppError `state_unusable` */
export function writeQuestionFile(paths: TaskPaths, question: Question): void {
  inStateFolder(() => {
    repairPrivateFolder(paths.questions);
    prepareFile(questionFile(paths, question.id), JSON.stringify(question)).publish();
  });
}

/** Returns the answer to a question; undefined if there is none. */
export function readAnswerFile(paths: TaskPaths, id: string): StoredAnswer | undefined {
  return parseJsonAs(AnswerSchema, tryReadText(join(paths.questions, `${id}.answer`)));
}

/**
 * Answers a question.
 * @returns false if it has an answer already, which stays
 * @throws AppError `state_unusable`
 */
export function offerAnswer(paths: TaskPaths, id: string, answer: StoredAnswer): boolean {
  const path = join(paths.questions, `${id}.answer`);
  const own = join(paths.questions, `${id}.${answer.key}.offer`);
  return inStateFolder(() => {
    repairPrivateFolder(paths.questions);
    writePrivateFile(own, JSON.stringify(answer));
    try {
      linkSync(own, path);
      return true;
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return false;
      throw error;
    } finally {
      rmSync(own, { force: true });
    }
  });
}

/** Replaces the answer to a question. @throws AppError `state_unusable` */
export function replaceAnswer(paths: TaskPaths, id: string, answer: StoredAnswer): void {
  inStateFolder(() => prepareFile(join(paths.questions, `${id}.answer`), JSON.stringify(answer)).publish());
}

/** Removes the answer to a question, so that it can be answered. */
export function removeAnswer(paths: TaskPaths, id: string): void {
  rmSync(join(paths.questions, `${id}.answer`), { force: true });
}

/** Calls a function when questions of a task may have been answered. */
export function watchAnswers(paths: TaskPaths, onNews: () => void): FolderWatch {
  inStateFolder(() => repairPrivateFolder(paths.questions));
  return watchFolder(paths.questions, (name) => name.endsWith(".answer"), onNews);
}

/**
 * Records the open questions of a running task.
 * @returns false if the run has ended
 * @throws AppError `state_unusable`
 */
export function recordQuestions(store: Store, task: RunningTask, questions: readonly Question[]): boolean {
  return changeRunningTask(store, task, ({ questions: _before, ...rest }) => ({
    ...rest,
    ...(questions.length > 0 && { questions: [...questions] }),
  }));
}

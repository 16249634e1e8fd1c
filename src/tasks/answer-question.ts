import { AppError } from "#base/errors.ts";
import { type AnswerContent, type Question, runOfQuestion } from "#domain/question.ts";
import { readAnswer } from "#domain/read-answer.ts";
import { isEnded, openQuestions, type TaskRecord } from "#domain/record.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import {
  offerAnswer,
  readAnswerFile,
  readQuestionFile,
  type StoredAnswer,
  watchAnswers,
} from "#store/tasks/questions.ts";
import { taskPaths, type TaskPaths, WAKE_FILE } from "#store/store-paths.ts";
import type { AppContext } from "./context.ts";
import { resolveTask } from "./lookup.ts";
import { isNested } from "./start/request/nesting.ts";
import { reconcile } from "./end/reconcile.ts";
import { waitForSupervisor } from "./follow/wait-for-supervisor.ts";

/** Answer to a question of a task. */
export interface AnswerRequest {
  task: string;
  /** Id of the question; undefined for the only open one. */
  question: string | undefined;
  /** Answer as a text, or as a checked one. */
  answer: string | ((question: Question) => AnswerContent);
  /** Name of the client or program that answers. */
  by: string;
}

/** Outcome of an answer. */
export interface Answered extends AnswerContent {
  task: TaskRecord;
  question: Question;
  /** Whether the task's supervisor has it; if it has not yet, it gets the answer as soon as it lives. */
  isTaken: boolean;
}

/** Time in which a supervisor takes an answer, in milliseconds; one that has died is followed by another. */
const TAKE_TIMEOUT_MS = 10_000;

/**
 * Answers a question of a running task. The first answer counts.
 * @throws AppError `question_closed` if it has an answer already or is not open; `invalid_argument` for an answer that it does not take;
 * `unknown_task`; `nested_task` within a task: an agent must not approve its own requests
 */
export async function answerQuestion(
  context: AppContext,
  { task: name, question: id, answer, by }: AnswerRequest,
): Promise<Answered> {
  if (isNested(context)) {
    const message = "This program was started within a task, and tasks must not answer what tasks ask.";
    throw new AppError("nested_task", message, "Leave it to the user.");
  }
  const record = await reconcile(context, resolveTask(context, name));
  const paths = taskPaths(context.config.home, record.task_id);
  const question = getOpenQuestion(context, record, id);
  const content = typeof answer === "string" ? readAnswer(question, answer) : answer(question);
  const stored: StoredAnswer = { key: crypto.randomUUID(), ...content, by, at: new Date().toISOString() };
  if (!offerAnswer(paths, question.id, stored)) throw answeredBefore(question.id, readAnswerFile(paths, question.id));
  const task = await waitUntilTaken(context, record, paths, question.id);
  const counted = readAnswerFile(paths, question.id);
  // Codex had an answer of its own interface at that moment.
  if (counted !== undefined && counted.key !== stored.key) throw answeredBefore(question.id, counted);
  const isTaken = counted?.taken === true;
  if (!isTaken && isEnded(task)) throw taskEnded(task, question.id);
  return { ...content, task, question, isTaken };
}

/**
 * Returns an open question of a task.
 * @param id undefined for the only one
 * @throws AppError `question_closed`, `invalid_argument`
 */
export function getOpenQuestion({ config }: AppContext, record: TaskRecord, id: string | undefined): Question {
  if (isEnded(record)) throw taskEnded(record, id);
  const open = openQuestions(record);
  const [only, ...others] = open;
  const found = id === undefined ? (others.length === 0 ? only : undefined) : open.find((each) => each.id === id);
  if (found !== undefined) return found;
  const names = open.map((each) => each.id).join(", ");
  if (id === undefined && open.length === 0) {
    const message = `${record.task_id} asks nothing now.`;
    throw new AppError("question_closed", message, "Call codex_status to see what it is doing.");
  }
  if (id === undefined) {
    const message = `${record.task_id} has ${open.length} open questions: ${names}.`;
    throw new AppError("invalid_argument", message, "Name the question to answer.");
  }
  const hint = open.length === 0 ? "It asks nothing now." : `It asks ${names} now.`;
  const run = runOfQuestion(id);
  if (run === undefined) throw new AppError("invalid_argument", `"${id.slice(0, 100)}" is not a question's id.`, hint);
  if (run !== record.run) {
    throw new AppError(
      "question_closed",
      `${id} was asked by run ${run}; ${record.task_id} is at run ${record.run}.`,
      hint,
    );
  }
  throw answeredBefore(id, readAnswerFile(taskPaths(config.home, record.task_id), id), hint);
}

/** Returns a question with all its parts: the task's record leaves out some of a long one. */
export function readWholeQuestion({ config }: AppContext, { task_id }: TaskRecord, question: Question): Question {
  return readQuestionFile(taskPaths(config.home, task_id), question.id) ?? question;
}

function answeredBefore(id: string, answer: StoredAnswer | undefined, hint = "It cannot be answered again."): AppError {
  const how =
    answer === undefined
      ? "is not open"
      : answer.cause === "timeout"
        ? "was declined because no one answered in time"
        : `was already answered by ${answer.by}${answer.cause === "withdrawn" ? "" : ` (${answer.decision})`}`;
  return new AppError("question_closed", `${id} ${how}.`, hint);
}

function taskEnded({ task_id, status }: TaskRecord, id: string | undefined): AppError {
  const message = `${task_id} has ended (${status})${id === undefined ? "" : ` before ${id} was answered`}.`;
  return new AppError("question_closed", message, "Call codex with resume to continue the task.");
}

/** Waits until the supervisor has the answer, for a limited time. @returns the task after that */
async function waitUntilTaken(
  context: AppContext,
  record: TaskRecord,
  paths: TaskPaths,
  id: string,
): Promise<TaskRecord> {
  const deadline = performance.now() + TAKE_TIMEOUT_MS;
  const watch = (onChange: () => void) => [
    watchAnswers(paths, onChange),
    // The record is written after the file.
    watchFolder(paths.live, (file) => file === WAKE_FILE, onChange),
  ];
  return waitForSupervisor(context, record, watch, () => {
    const now = findTask(context.store, record.task_id)?.record ?? record;
    const isOpen = now.run === record.run && openQuestions(now).some((question) => question.id === id);
    // The record follows the answer's file; what this call says, the next one sees.
    const isTaken = !isOpen && readAnswerFile(paths, id)?.taken === true;
    return isEnded(now) || now.run !== record.run || isTaken || performance.now() > deadline ? now : undefined;
  });
}

import { z } from "zod";
import { AppError } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { parseRunId, runIdOf } from "#domain/names.ts";
import { type Question, runOfQuestion } from "#domain/question.ts";
import { type EndedTask, openQuestions, type TaskRecord } from "#domain/record.ts";
import { answerQuestion } from "#tasks/answer-question.ts";
import type { AppContext } from "#tasks/context.ts";
import { waitForQuestion, waitUntilClosed } from "#tasks/follow/wait-for-question.ts";
import { waitAtMost } from "#tasks/follow/wait-for-tasks.ts";
import type { Call } from "./define-tool.ts";
import { type InputRequests, type InputRequired, readElicitResult, toElicitation } from "./elicit.ts";
import { isObject } from "./protocol/envelope.ts";

/** Returns questions of a task as requests to a client, without those that are too long for a dialog. */
export function toInputRequests(task: TaskRecord, questions = openQuestions(task)): InputRequests {
  const requests: InputRequests = {};
  for (const question of questions) {
    const params = toElicitation(task, question);
    if (params !== undefined) requests[question.id] = { method: "elicitation/create", params };
  }
  return requests;
}

/** Call that continues an earlier one, after its client has asked the user. */
export interface ContinuedCall {
  taskId: string;
  run: number;
  /** Ids of the questions that the user did not want to answer there. */
  skipped: string[];
}

const StateSchema = z.object({ run: z.string(), skipped: z.array(z.string()) });

/**
 * Reads the state of a call that is continued; undefined for a new call.
 * @throws AppError `invalid_argument` for a state that is not this server's: another task must not be started in its place
 */
export function readRequestState(state: unknown): ContinuedCall | undefined {
  if (state === undefined) return undefined;
  const { data } = StateSchema.safeParse(parseJson(state));
  const run = data === undefined ? undefined : parseRunId(data.run);
  if (data !== undefined && run !== undefined) return { ...run, skipped: data.skipped };
  throw new AppError("invalid_argument", "requestState is not valid.", "Pass it from the previous result unchanged.");
}

function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

/**
 * Answers a task's questions by a client's responses. A response that comes too late, or does not fit, changes nothing: the caller sees
 * the questions that are open after it.
 * @returns the ids of the questions that the user did not want to answer
 */
export async function takeInputResponses(
  context: AppContext,
  task: TaskRecord,
  responses: unknown,
  by: string,
): Promise<string[]> {
  const skipped: string[] = [];
  for (const [id, response] of Object.entries(isObject(responses) ? responses : {})) {
    const question = openQuestions(task).find((each) => each.id === id);
    if (question === undefined || runOfQuestion(id) !== task.run) continue;
    if (!(await answerBy(context, task, question, response, by))) skipped.push(id);
  }
  return skipped;
}

/** Gives a client's response to a question. @returns false if the user did not want to answer */
async function answerBy(
  context: AppContext,
  { task_id: task }: TaskRecord,
  question: Question,
  response: unknown,
  by: string,
): Promise<boolean> {
  try {
    const answer = readElicitResult(question, response);
    if (answer === undefined) return false;
    await answerQuestion(context, { task, question: question.id, answer: () => answer, by });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    logger("mcp").info`${question.id} of ${task}: ${error.message}`;
  }
  return true;
}

/**
 * Waits for a task's end, and meanwhile asks the client's user what the task asks, if the client can do that.
 * @param skipped ids of questions not to ask there
 * @returns the ended task; the questions to return to a client that is asked by results; undefined if the time limit was reached
 */
export async function waitAndAsk(
  context: AppContext,
  call: Call,
  task: TaskRecord,
  { atMostMs, skipped }: { atMostMs: number; skipped: readonly string[] },
): Promise<EndedTask | InputRequired | undefined> {
  if (task.approvals !== "ask") return waitAtMost(context, task, atMostMs);
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, call.abandoned]);
  const isNew = (question: Question) => !skipped.includes(question.id) && toElicitation(task, question) !== undefined;
  try {
    const ended = waitAtMost(context, task, atMostMs);
    if (!call.isAskedByResult) {
      if (call.elicit !== undefined) void askMeanwhile(context, call, task, signal);
      return await ended;
    }
    const asked = waitForQuestion(context, task, (question) => !isNew(question), signal);
    const questions = await Promise.race([ended.then(() => []), asked]);
    if (questions.length === 0) return await ended;
    const requestState = JSON.stringify({ run: runIdOf(task), skipped });
    return { inputRequests: toInputRequests(task, questions), requestState };
  } finally {
    over.abort();
  }
}

/** Asks the user each question of a task once, until `signal` aborts. */
async function askMeanwhile(context: AppContext, call: Call, task: TaskRecord, signal: AbortSignal): Promise<void> {
  const shown = new Set<string>();
  for (;;) {
    const questions = await waitForQuestion(context, task, ({ id }) => shown.has(id), signal);
    if (questions.length === 0) return;
    for (const question of questions) {
      shown.add(question.id);
      void askOne(context, call, task, question, signal).catch((error: unknown) => {
        logger("mcp").info`${question.id} of ${task.task_id} was not answered: ${String(error)}`;
      });
    }
  }
}

/** Asks the user a question, until it is answered elsewhere. */
async function askOne(
  context: AppContext,
  { elicit, client = "MCP client" }: Call,
  task: TaskRecord,
  question: Question,
  signal: AbortSignal,
): Promise<void> {
  const params = toElicitation(task, question);
  if (elicit === undefined || params === undefined) return;
  const over = new AbortController();
  const isOver = AbortSignal.any([over.signal, signal]);
  void waitUntilClosed(context, task, question.id, isOver).then(() => over.abort());
  try {
    await answerBy(context, task, question, await elicit(params, isOver), client);
  } finally {
    over.abort();
  }
}

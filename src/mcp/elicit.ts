import { takeStart } from "#base/text.ts";
import { makeVisible } from "#base/visible-text.ts";
import { type AnswerContent, describeQuestion, type Question, type QuestionField } from "#domain/question.ts";
import { checkAnswer } from "#domain/read-answer.ts";
import type { TaskRecord } from "#domain/record.ts";
import { isObject } from "./protocol/envelope.ts";

/** Parameters of the protocol's request `elicitation/create`. */
export interface Elicitation {
  [name: string]: unknown;
  message: string;
  requestedSchema: { type: "object"; properties: Record<string, object>; required: string[] };
}

/** Questions of a task, as requests that a client answers, by their ids. */
export type InputRequests = Record<string, { method: "elicitation/create"; params: Elicitation }>;

/** Questions for a client's user: the client calls again with the responses and the state, which only this server reads. */
export interface InputRequired {
  inputRequests: InputRequests;
  requestState: string;
}

/** Longest message in characters. What does not fit is only shown by the command `answer`: no one accepts what they have not seen. */
const MAX_MESSAGE = 8000;
const MAX_LABEL = 300;

/** Returns a question as an elicitation; undefined if it is too long for a dialog. */
export function toElicitation({ task_id }: TaskRecord, question: Question): Elicitation | undefined {
  const [what = "", ...rest] = describeQuestion(question);
  // Some dialogs show only the first lines before they are expanded.
  const text = makeVisible([`The Codex task ${task_id} asks: ${what}`, ...rest].join("\n"), true);
  if (text.length > MAX_MESSAGE || question.whole !== undefined) return undefined;
  const { fields = [] } = question;
  return { message: text, requestedSchema: fields.length === 0 ? decisionSchema(question) : fieldsSchema(fields) };
}

function decisionSchema(question: Question): Elicitation["requestedSchema"] {
  const { decisions } = question;
  const description = decisions.includes("cancel") ? { description: "cancel: decline, and end the turn" } : {};
  const decision = { type: "string", title: "Decision", ...description, enum: decisions };
  return { type: "object", properties: { decision }, required: ["decision"] };
}

function fieldsSchema(fields: readonly QuestionField[]): Elicitation["requestedSchema"] {
  const properties = Object.fromEntries(fields.map((field) => [field.name, toProperty(field)]));
  return { type: "object", properties, required: fields.flatMap((field) => (field.is_required ? [field.name] : [])) };
}

function toProperty({ name, text, type, options = [], is_open }: QuestionField): object {
  const label = { title: takeStart(makeVisible(text || name), MAX_LABEL) };
  if (type === "number" || type === "integer" || type === "boolean") return { type, ...label };
  const values = options.map(({ value }) => value);
  if (type === "choice" && is_open !== true) return { type: "string", ...label, enum: values };
  if (values.length === 0) return { type: "string", ...label };
  const several = type === "choices" ? "Separated by commas: " : "";
  return { type: "string", ...label, description: several + makeVisible(values.join(", ")) };
}

/**
 * Reads a client's response to {@link toElicitation}.
 * @returns undefined if the user has closed the dialog without a decision
 * @throws AppError `invalid_argument` if it does not fit the question
 */
export function readElicitResult(question: Question, result: unknown): AnswerContent | undefined {
  if (!isObject(result) || (result["action"] !== "accept" && result["action"] !== "decline")) return undefined;
  if (result["action"] === "decline") return checkAnswer(question, { decision: "decline" });
  const content = isObject(result["content"]) ? result["content"] : {};
  if (question.fields !== undefined) return checkAnswer(question, { decision: "accept", values: content });
  const decision = question.decisions.find((each) => each === content["decision"]);
  // A client that shows no form has not said which decision it is.
  return decision === undefined ? undefined : { decision };
}

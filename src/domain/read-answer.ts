import { AppError } from "#base/errors.ts";
import { shorten } from "#base/text.ts";
import {
  type AnswerContent,
  type Decision,
  DECISIONS,
  type FieldValue,
  listAnswers,
  type Question,
  type QuestionField,
} from "./question.ts";

/** Words that people use for a decision. */
const WORDS: Record<string, Decision> = {
  yes: "accept",
  y: "accept",
  approve: "accept",
  no: "decline",
  n: "decline",
  deny: "decline",
};

/**
 * Reads an answer that was given as a text: a decision, the value of the question's only field, or a JSON object with the fields.
 * @throws AppError `invalid_argument`, naming what can be answered
 */
export function readAnswer(question: Question, text: string): AnswerContent {
  const given = text.trim();
  const { fields = [] } = question;
  const [field] = fields;
  // An option may have the name of a decision.
  const isOption = fields.length === 1 && field !== undefined && findOption(field, given) !== undefined;
  const decision = isOption ? undefined : readDecision(given, fields.length > 0);
  if (decision !== undefined) return checkAnswer(question, { decision });
  if (field === undefined || given === "") throw badAnswer(question, given);
  const values = fields.length === 1 ? { [field.name]: given } : readObject(question, given);
  return checkAnswer(question, { decision: "accept", values });
}

/**
 * Checks an answer against its question, and converts its values to the types of the fields.
 * @throws AppError `invalid_argument`
 */
export function checkAnswer(
  question: Question,
  { decision, values = {} }: { decision: Decision; values?: Readonly<Record<string, unknown>> },
): AnswerContent {
  if (!question.decisions.includes(decision)) throw badAnswer(question, decision);
  const { fields = [] } = question;
  if (decision !== "accept" || fields.length === 0) return { decision };
  const read: [name: string, value: FieldValue][] = [];
  for (const field of fields) {
    const given = Object.hasOwn(values, field.name) ? values[field.name] : undefined;
    const isGiven = given !== undefined && given !== null && given !== "";
    const value = isGiven ? toValue(field, given) : undefined;
    if (value === undefined && (isGiven || field.is_required)) throw badAnswer(question, textOf(given ?? decision));
    if (value !== undefined) read.push([field.name, value]);
  }
  // Names are the asker's: one may be that of a property that all objects have.
  return { decision, values: Object.fromEntries(read) };
}

/** @param isText whether other texts are answers, too, so that only the exact words are decisions */
function readDecision(text: string, isText: boolean): Decision | undefined {
  const word = text.toLowerCase().replaceAll(/[\s-]+/g, "_");
  return DECISIONS.find((decision) => decision === word) ?? (isText ? undefined : WORDS[word]);
}

function readObject(question: Question, text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // It is not JSON.
  }
  throw badAnswer(question, text);
}

/** Returns the value of a field; undefined if the field does not take it. */
function toValue(field: QuestionField, given: unknown): FieldValue | undefined {
  if (field.type === "choices") return toChoices(field, given);
  if (typeof given !== "string" && typeof given !== "number" && typeof given !== "boolean") return undefined;
  const text = String(given).trim();
  switch (field.type) {
    case "text":
      return String(given);
    case "choice":
      return findOption(field, text) ?? (field.is_open === true ? text : undefined);
    case "boolean":
      return /^(?:true|yes|y)$/i.test(text) ? true : /^(?:false|no|n)$/i.test(text) ? false : undefined;
    case "number":
    case "integer": {
      const number = Number(text);
      const isFit = text !== "" && (field.type === "integer" ? Number.isSafeInteger(number) : Number.isFinite(number));
      return isFit ? number : undefined;
    }
  }
}

function toChoices(field: QuestionField, given: unknown): string[] | undefined {
  const list: unknown[] = Array.isArray(given) ? given : String(given).split(",");
  const found = list.map((each) => findOption(field, String(each).trim()));
  return found.every((value) => value !== undefined) ? found : undefined;
}

/** Returns the option that a text names: its value, its number from 1, or its value in another case. */
function findOption({ options = [] }: QuestionField, text: string): string | undefined {
  const exact = options.find(({ value }) => value === text);
  const named = exact ?? options.find(({ value }) => value.toLowerCase() === text.toLowerCase());
  return (named ?? (/^\d+$/.test(text) ? options[Number(text) - 1] : undefined))?.value;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function badAnswer(question: Question, text: string): AppError {
  return new AppError(
    "invalid_argument",
    `"${shorten(text, 100)}" is not an answer to ${question.id}.`,
    `Answer it with ${listAnswers(question)}.`,
  );
}

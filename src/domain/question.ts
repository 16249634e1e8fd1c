import { takeStart } from "#base/text.ts";

/** Decisions on a question. `cancel` also ends the turn. */
export const DECISIONS = ["accept", "accept_for_session", "decline", "cancel"] as const;

/** One of {@link DECISIONS}. */
export type Decision = (typeof DECISIONS)[number];

/** Value of a field of a question. */
export type FieldValue = string | number | boolean | string[];

/** Field of a question that is answered by more than a decision. */
export interface QuestionField {
  name: string;
  text: string;
  type: "text" | "number" | "integer" | "boolean" | "choice" | "choices";
  /** Values of a choice, each with its meaning. */
  options?: { value: string; text: string }[];
  /** Set if a choice also takes other values. */
  is_open?: true;
  is_required: boolean;
}

/** Change of a file that a question is about. */
export interface AskedChange {
  path: string;
  kind: string;
  /** The change itself, as Codex shows it. */
  diff: string;
}

/** Content of a question, as Codex asks it. */
export interface QuestionContent {
  /** Name of the question within its task; it contains the number of the run. */
  id: string;
  kind: "command" | "changes" | "permissions" | "input" | "form" | "url";
  /** The question itself, in one sentence. */
  text: string;
  decisions: Decision[];
  command?: string;
  cwd?: string;
  /** Reason that Codex gives. */
  reason?: string;
  changes?: AskedChange[];
  /** Permissions that would be granted, one each. */
  permissions?: string[];
  /** MCP server that asks. */
  server?: string;
  url?: string;
  fields?: QuestionField[];
}

/** Question of a running task that has not been answered. Names are those of `meta.json`. */
export interface Question extends QuestionContent {
  asked_at: string;
  /** Time at which it is declined if no one has answered. */
  expires_at: string;
  /** File with the whole question, if parts of it are left out here. */
  whole?: string;
}

/** Longest text of a question in a record, in characters; all of its texts together have at most {@link MAX_TEXTS}. */
const MAX_TEXT = 16 * 1024;
const MAX_TEXTS = 64 * 1024;

/** Returns a question for records and logs: of a long one, texts are left out. @param file file with the whole question */
export function abridgeQuestion(question: Question, file: string): Question {
  if (JSON.stringify(question).length <= MAX_TEXT) return question;
  let left = MAX_TEXTS;
  const abridge = (_key: string, value: unknown): unknown => {
    if (typeof value !== "string") return value;
    const kept = takeStart(value, Math.min(MAX_TEXT, left));
    left -= kept.length;
    return kept.length === value.length ? value : `${kept}[… ${value.length - kept.length} characters left out]`;
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only texts have changed
  const abridged = JSON.parse(
    JSON.stringify({ ...question, changes: question.changes?.slice(0, MAX_CHANGES) }, abridge),
  ) as Question;
  // Names and times are short, and needed as they are.
  const { id, kind, decisions, asked_at, expires_at } = question;
  return { ...abridged, id, kind, decisions, asked_at, expires_at, whole: file };
}

/** Maximum number of changes in a record. */
const MAX_CHANGES = 200;

/** Content of an answer. */
export interface AnswerContent {
  decision: Decision;
  /** Values of the question's fields, with decision `accept`. */
  values?: Record<string, FieldValue>;
}

/** Answer to a question; the first one counts. */
export interface QuestionAnswer extends AnswerContent {
  /** Client or program that gave it. */
  by: string;
  at: string;
  /** Set if it was not given by anybody: the time was over, or Codex no longer asks. */
  cause?: "timeout" | "withdrawn";
}

/** Returns the id of a question: `q<run>-<number>`. @param request id that Codex gave its request */
export function questionIdOf(run: number, request: string | number): string {
  return `q${run}-${String(request).replaceAll(/[^\w]/g, "_").slice(0, 60)}`;
}

/** Returns the run whose question has this id; undefined if the text is no such id. */
export function runOfQuestion(id: string): number | undefined {
  const [, run] = /^q([1-9]\d{0,8})-\w{1,60}$/.exec(id) ?? [];
  return run === undefined ? undefined : Number(run);
}

/** Returns a question in one line, without how to answer it. */
export function summarizeQuestion({
  text,
  command,
  changes,
  permissions,
  fields,
  reason,
  url,
}: QuestionContent): string {
  const what = [
    command,
    changes?.map(({ kind, path }) => `${kind} ${path}`).join(", "),
    permissions?.join(", "),
    url,
    fields?.map((field) => describeField(field)).join("; "),
  ].filter(Boolean);
  return [what.length === 0 ? text : `${text}: ${what.join(" ")}`, reason].filter(Boolean).join(" – ");
}

/** Returns all that a question shows, one text for each line or block. */
export function describeQuestion(question: QuestionContent & Pick<Question, "whole">): string[] {
  const { text, command, cwd, changes = [], permissions = [], fields = [], reason, server, url, whole } = question;
  return [
    text,
    ...(command === undefined ? [] : [`$ ${command}`]),
    ...(cwd === undefined ? [] : [`in ${cwd}`]),
    ...changes.flatMap(({ kind, path, diff }) => [`${kind} ${path}`, diff]),
    ...permissions,
    ...(server === undefined ? [] : [`asked by the MCP server ${server}`]),
    ...(url === undefined ? [] : [url]),
    ...fields.map((field) => describeField(field)),
    ...(reason === undefined ? [] : [`Codex's reason: ${reason}`]),
    ...(whole === undefined ? [] : [`Parts are left out here: the whole question is in ${whole}.`]),
  ].filter((line) => line !== "");
}

function describeField({ name, text, options = [] }: QuestionField): string {
  const choices = options.map(({ value, text: meaning }) => (meaning === value ? value : `${value} (${meaning})`));
  return `${text || name}${choices.length === 0 ? "" : ` [${choices.join(" | ")}]`}`;
}

/** Returns what a reader can answer, e.g. `accept, decline or cancel`. */
export function listAnswers({ decisions, fields = [] }: QuestionContent): string {
  const [field] = fields;
  const value =
    field === undefined
      ? undefined
      : fields.length > 1
        ? `JSON {${fields.map(({ name }) => JSON.stringify(name)).join(", ")}}`
        : (field.options?.map((option) => option.value).join(", ") ?? "a text");
  const words = decisions.filter((decision) => value === undefined || decision !== "accept");
  return [...(value === undefined ? [] : [value]), ...words].join(", ").replace(/, ([^,]*)$/, " or $1");
}

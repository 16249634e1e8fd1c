import * as v from "valibot";
import { shorten } from "#base/text.ts";
import { type ReviewFinding, REVIEW_VERDICTS, type ReviewAnswer, sortFindings } from "#domain/finding.ts";
import { parseTextReview } from "./parse-text-review.ts";

/** Review that was read, or the reason why it could not be, as the end of a sentence. */
export type ReviewOutcome = { review: ReviewAnswer } | { problem: string };

/** Largest answer that is parsed, in characters, and the largest number of findings. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
const MAX_FINDINGS = 1000;

const line = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0)));
const priority = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3));
const confidence = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const title = v.pipe(
  v.string(),
  v.check((text) => text.trim() !== "", "is empty"),
);

/** ReviewFinding in the form of this program's own schema. */
const OwnFinding = v.looseObject({
  title,
  body: v.string(),
  priority: v.nullish(priority),
  confidence: v.nullish(confidence),
  path: v.pipe(v.string(), v.minLength(1)),
  first_line: line,
  last_line: line,
});

/** ReviewFinding in the form of Codex's own reviewer. */
const NativeFinding = v.looseObject({
  title,
  body: v.string(),
  priority: v.nullish(priority),
  confidence_score: v.nullish(confidence),
  code_location: v.looseObject({
    absolute_file_path: v.pipe(v.string(), v.minLength(1)),
    line_range: v.nullish(v.looseObject({ start: line, end: line })),
  }),
});

const findings = v.pipe(v.array(v.unknown()), v.maxLength(MAX_FINDINGS));
const ReviewSchema = v.looseObject({
  findings,
  summary: v.nullish(v.string()),
  verdict: v.nullish(v.picklist(REVIEW_VERDICTS)),
  overall_correctness: v.nullish(v.string()),
  overall_explanation: v.nullish(v.string()),
});

/**
 * Parses the answer of a reviewer: JSON in the form of this program's schema or of Codex's own reviewer, also in a code fence or with
 * words around it, or the list that Codex's reviewer prints. Never throws; what is missing is a problem, not guessed.
 */
export function parseReview(answer: string | undefined): ReviewOutcome {
  const text = (answer ?? "").replace(/^\uFEFF/, "").trim();
  if (text === "") return { problem: "is empty" };
  if (text.length > MAX_CHARACTERS) return { problem: `has more than ${MAX_CHARACTERS} characters` };
  const whole = parseObject(text);
  const list = whole === undefined ? parseTextReview(text) : undefined;
  if (list !== undefined) return list;
  const json = whole ?? parseObject(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  if (json === undefined) return { problem: "is not a JSON object" };
  const parsed = v.safeParse(ReviewSchema, json);
  if (!parsed.success) return { problem: `is not a review: ${describeIssue(parsed.issues[0])}` };
  const { output } = parsed;
  const found: ReviewFinding[] = [];
  for (const [index, value] of output.findings.entries()) {
    const finding = readFinding(value);
    if (typeof finding === "string") return { problem: `has a finding (number ${index + 1}) that ${finding}` };
    found.push(finding);
  }
  const verdict = output.verdict ?? readVerdict(output.overall_correctness);
  return {
    review: {
      findings: sortFindings(found),
      summary: (output.summary ?? output.overall_explanation ?? "").trim(),
      ...(verdict !== undefined && { verdict }),
    },
  };
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @returns the finding, or what is wrong with it */
function readFinding(value: unknown): ReviewFinding | string {
  const isNative = typeof value === "object" && value !== null && "code_location" in value;
  if (isNative) {
    const parsed = v.safeParse(NativeFinding, value);
    if (!parsed.success) return describeIssue(parsed.issues[0]);
    const { title: name, body, priority: rank, confidence_score, code_location } = parsed.output;
    const { absolute_file_path: path, line_range } = code_location;
    return toFinding(name, body, rank, confidence_score, path, line_range?.start, line_range?.end);
  }
  const parsed = v.safeParse(OwnFinding, value);
  if (!parsed.success) return describeIssue(parsed.issues[0]);
  const { title: name, body, priority: rank, confidence: trust, path, first_line, last_line } = parsed.output;
  return toFinding(name, body, rank, trust, path, first_line, last_line);
}

type Optional<T> = T | null | undefined;

function toFinding(
  name: string,
  body: string,
  rank: Optional<number>,
  trust: Optional<number>,
  path: string,
  from: Optional<number>,
  to: Optional<number>,
): ReviewFinding | string {
  // A title is one line: in lists it must not look like further findings.
  const oneLine = name.trim().replaceAll(/\s+/g, " ");
  const [, tag, rest = oneLine] = /^\[P([0-3])\] ?(.+)$/.exec(oneLine) ?? [];
  const urgency = rank ?? (tag === undefined ? undefined : Number(tag));
  if (urgency === undefined) return "has no priority";
  // Line 0, like no line, means the file.
  const ends = [from, to].filter((each): each is number => typeof each === "number" && each > 0);
  return {
    title: rest,
    body,
    priority: urgency,
    ...(typeof trust === "number" && { confidence: trust }),
    path,
    ...(ends.length > 0 && { first_line: Math.min(...ends), last_line: Math.max(...ends) }),
  };
}

/** Reads the verdict of Codex's own reviewer: `patch is correct` or `patch is incorrect`. */
function readVerdict(text: Optional<string>): ReviewAnswer["verdict"] {
  const [, word] = /^\s*(?:the )?patch is (correct|incorrect)\b/i.exec(text ?? "") ?? [];
  return REVIEW_VERDICTS.find((verdict) => verdict === word?.toLowerCase());
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return shorten(`${path === null ? "" : `has an invalid ${path}: `}${issue.message}`, 300);
}

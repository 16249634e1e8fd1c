import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import type { Failure } from "#base/errors.ts";
import { parseReview } from "#codex/review/parse-review.ts";
import { formatReview, type ReviewFacts } from "#domain/finding.ts";
import type { RunFacts, RunningTask, TaskRequest } from "#domain/record.ts";
import { readFileBounded } from "#platform/files/read-file.ts";
import type { Config } from "#base/config.ts";
import { taskPaths } from "#store/store-paths.ts";
import { placeFindings, type ReviewedDiff } from "./place-findings.ts";

/** Largest file with the lines of a diff, in bytes. */
const MAX_DIFF_BYTES = 64 * 1024 * 1024;

const DiffSchema: v.GenericSchema<ReviewedDiff> = v.object({
  top: v.string(),
  files: v.array(
    v.object({
      path: v.string(),
      name: v.string(),
      status: v.picklist(["added", "deleted", "modified", "renamed", "type changed"]),
      from: v.exactOptional(v.string()),
      isOpaque: v.boolean(),
      hunks: v.array(v.tuple([v.number(), v.number()])),
    }),
  ),
});

/** Findings of a review with the text that stands for its result, or the reason why there are none. */
type ReadReview = (ReviewFacts & Pick<RunFacts, "result">) | { failure: Failure };

/** Reads the answer of a review and checks its locations against the diff that was reviewed. @returns undefined if the task is no review */
export function readReview(config: Config, task: RunningTask, answer: string | undefined): ReadReview | undefined {
  if (task.review === undefined) return undefined;
  const outcome = parseReview(answer);
  if ("problem" in outcome) return { failure: unreadable(outcome.problem) };
  const diff = readDiff(taskPaths(config.home, task.task_id).reviewedDiff);
  if (diff === undefined) return { failure: DIFF_LOST };
  const facts = placeFindings(outcome.review, diff);
  return { ...facts, result: formatReview(facts) };
}

/** Returns what is wrong with the answer of a review, for its author; undefined if it can be read, or the task is no review. */
export function findReviewProblem(task: TaskRequest, answer: string | undefined): string | undefined {
  if (task.review === undefined) return undefined;
  const outcome = parseReview(answer);
  return "problem" in outcome ? outcome.problem : undefined;
}

function readDiff(path: string): ReviewedDiff | undefined {
  const outcome = readFileBounded(path, { maxBytes: MAX_DIFF_BYTES });
  if (!("bytes" in outcome)) return undefined;
  return parseJsonAs(DiffSchema, outcome.bytes.toString("utf8"));
}

function unreadable(problem: string): Failure {
  return {
    code: "review_unreadable",
    message: `Codex's review cannot be read: its answer ${problem}.`,
    hint: "Read the answer in result, or start the review again.",
  };
}

const DIFF_LOST: Failure = {
  code: "review_unreadable",
  message: "The lines of the reviewed diff are gone from the task's folder, so the findings cannot be checked.",
  hint: "Start the review again.",
};

import { AppError } from "#base/errors.ts";
import { shorten } from "#base/text.ts";

/** Target of a review: what is compared with what. */
export type ReviewTarget = { kind: "uncommitted" } | { kind: "base" | "commit" | "task"; name: string };

/**
 * Parses a target: `uncommitted` (also for an empty text), `base:<branch>`, `commit:<revision>` or `task:<task>`.
 * @throws AppError `invalid_argument`
 */
export function parseTarget(text: string): ReviewTarget {
  const trimmed = text.trim();
  if (trimmed === "" || /^uncommitted$/i.test(trimmed)) return { kind: "uncommitted" };
  const [, word = "", name = ""] = /^(base|commit|task):\s*(\S.*)$/is.exec(trimmed) ?? [];
  const kind = (["base", "commit", "task"] as const).find((each) => each === word.toLowerCase());
  if (kind !== undefined && name.length <= MAX_NAME && !name.includes("\0")) return { kind, name };
  throw new AppError(
    "invalid_argument",
    `The target "${shorten(trimmed, 100)}" is none of uncommitted, base:<branch>, commit:<sha> and task:<id>.`,
    "Name the kind of target and a colon, for example base:main.",
  );
}

/** Longest name of a branch, commit or task, in characters. */
const MAX_NAME = 1000;

/** Formats a target as {@link parseTarget} reads it. */
export function formatTarget(target: ReviewTarget): string {
  return target.kind === "uncommitted" ? target.kind : `${target.kind}:${target.name}`;
}

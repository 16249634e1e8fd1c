import type { LineComment, LineRange } from "./line-comment.ts";
import { formatNumber, formatPlural } from "#base/text.ts";
import { makeVisible } from "#base/visible-text.ts";

/** Largest message that tasks take, in bytes. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Number of lines that a comment quotes, and the longest of them in characters. */
const MAX_QUOTED_LINES = 20;
const MAX_QUOTED_CHARACTERS = 400;

/**
 * Returns comments as one message that a coding agent understands.
 * @throws Error if they are too long for one message
 */
export function formatComments(comments: readonly LineComment[]): string {
  const title = `${formatPlural(comments.length, "comment")} on your changes:`;
  const message = [title, ...comments.map(formatComment)].join("\n\n");
  if (new TextEncoder().encode(message).length > MAX_MESSAGE_BYTES) {
    throw new Error(`The comments are longer than ${formatNumber(MAX_MESSAGE_BYTES)} bytes. Delete some of them.`);
  }
  return message;
}

function formatComment(comment: LineComment): string {
  const { quoted, text } = comment;
  const lines = quoted.slice(0, MAX_QUOTED_LINES).map((line) => `> ${line.slice(0, MAX_QUOTED_CHARACTERS)}`);
  if (quoted.length > MAX_QUOTED_LINES) lines.push(`> (${quoted.length - MAX_QUOTED_LINES} more lines)`);
  return [`${makeVisible(comment.path)}, ${describeLines(comment)}:`, ...lines, text].join("\n");
}

/** Returns words for the lines: `line 3`, `lines 3-5 before the change`. */
export function describeLines({ first, last, side }: LineRange): string {
  const lines = first === last ? `line ${first}` : `lines ${first}-${last}`;
  return side === "old" ? `${lines} before the change` : lines;
}

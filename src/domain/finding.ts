import { makeVisible } from "#base/visible-text.ts";

/** Fault that a review found. */
export interface ReviewFinding {
  title: string;
  /** Explanation, as Markdown. */
  body: string;
  /** Urgency from 0 (blocks everything) to 3 (nice to have). */
  priority: number;
  /** Codex's confidence from 0 to 1; absent if it gave none. */
  confidence?: number;
  /** Path relative to the top of the working tree. */
  path: string;
  /** Lines of the file after the change, or before it if the change deletes the file; absent if the finding is about the file as a whole. */
  first_line?: number;
  last_line?: number;
  /** Lines that Codex named, if some of them are outside the diff and were cut off. */
  reported_lines?: string;
}

/** Verdict of a review on the whole change. */
export const REVIEW_VERDICTS = ["correct", "incorrect"] as const;

/** Answer of a reviewer, before its locations are checked. */
export interface ReviewAnswer {
  findings: ReviewFinding[];
  summary: string;
  verdict?: (typeof REVIEW_VERDICTS)[number];
}

/** Result of a review: findings within the diff, and apart from them those that name other lines. */
export interface ReviewFacts extends ReviewAnswer {
  outside_diff?: ReviewFinding[];
}

/** Returns findings by priority, then confidence, then location. */
export function sortFindings(findings: readonly ReviewFinding[]): ReviewFinding[] {
  return findings.toSorted(
    (a, b) =>
      a.priority - b.priority ||
      (b.confidence ?? 0) - (a.confidence ?? 0) ||
      compareTexts(a.path, b.path) ||
      (a.first_line ?? 0) - (b.first_line ?? 0),
  );
}

/** Compares texts by their characters: an order that does not depend on the locale. */
function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Formats the location of a finding: `path:3` or `path:3-5`, or the path alone. */
export function formatLocation({ path, first_line, last_line }: ReviewFinding): string {
  if (first_line === undefined) return path;
  return last_line === undefined || last_line === first_line
    ? `${path}:${first_line}`
    : `${path}:${first_line}-${last_line}`;
}

/** Returns the outcome of a review in one sentence: `2 findings (1 P0, 1 P2), and 1 about lines outside the diff.` */
export function countFindings({ findings, outside_diff = [] }: ReviewFacts): string {
  const outside = outside_diff.length === 0 ? "" : `, and ${outside_diff.length} about lines outside the diff`;
  if (findings.length === 0) return outside === "" ? "No findings." : `No findings in the diff${outside}.`;
  const priorities = [0, 1, 2, 3].flatMap((priority) => {
    const count = findings.filter((finding) => finding.priority === priority).length;
    return count === 0 ? [] : [`${count} P${priority}`];
  });
  return `${findings.length} finding${findings.length === 1 ? "" : "s"} (${priorities.join(", ")})${outside}.`;
}

/** Formats a review as Markdown. */
export function formatReview(review: ReviewFacts): string {
  const list = (findings: readonly ReviewFinding[]) =>
    findings.map(
      (finding) =>
        `- [P${finding.priority}] ${finding.title} — ${makeVisible(formatLocation(finding))}\n${indent(finding.body.trim())}`,
    );
  const { findings, outside_diff = [], summary } = review;
  const parts = [countFindings(review), summary.trim(), ...list(findings)];
  if (outside_diff.length > 0) parts.push("About lines outside the diff:", ...list(outside_diff));
  return parts.filter((part) => part !== "").join("\n\n");
}

function indent(text: string): string {
  return text === "" ? "" : text.replaceAll(/^(?=.)/gm, "  ");
}

import { type ReviewFinding, type ReviewAnswer, sortFindings } from "#domain/finding.ts";

/** First line of the list that Codex's own reviewer prints, for one finding and for several. */
const HEADER = /^(?:Review comment|Full review comments):$/;

/** Parts of the first line of a finding: `- [P1] title — path:3-5`. A path may contain a dash or a colon, but no line feed. */
const BULLET = /^- (?:\[[ x]\] )?\[P([0-3])\] /;
const SEPARATOR = " — ";
const LINES = /:(\d{1,9})(?:-(\d{1,9}))?$/;

/**
 * Parses the text that Codex's own reviewer prints: an explanation, a header, and a list with indented bodies.
 * @returns undefined if the text has no such list; a problem if a part of the list cannot be read
 */
export function parseTextReview(text: string): { review: ReviewAnswer } | { problem: string } | undefined {
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex((line) => HEADER.test(line.trim()));
  if (start < 0) return undefined;
  const findings: ReviewFinding[] = [];
  for (const [index, line] of lines.slice(start + 1).entries()) {
    const bullet = readBullet(line);
    const last = findings.at(-1);
    if (bullet !== undefined) findings.push(bullet);
    else if (last !== undefined && (line.startsWith("  ") || line.trim() === "")) last.body += `${line.slice(2)}\n`;
    else if (line.trim() !== "") {
      return { problem: `has a line (number ${start + index + 2}) that is neither a finding nor the text of one` };
    }
  }
  if (findings.length === 0) return { problem: "has a list of findings without any finding" };
  for (const finding of findings) finding.body = finding.body.trim();
  return { review: { findings: sortFindings(findings), summary: lines.slice(0, start).join("\n").trim() } };
}

/** Reads the first line of a finding, in time that is proportional to its length; undefined if it is none. */
function readBullet(line: string): ReviewFinding | undefined {
  const [start, priority] = BULLET.exec(line) ?? [];
  const [end, first, last] = LINES.exec(line) ?? [];
  if (start === undefined || end === undefined) return undefined;
  const words = line.slice(start.length, -end.length);
  const at = words.lastIndexOf(SEPARATOR);
  const [title, path] = [words.slice(0, Math.max(at, 0)).trim(), words.slice(at + SEPARATOR.length)];
  if (title === "" || path === "") return undefined;
  const ends = [Number(first), Number(last ?? first)];
  return {
    title,
    body: "",
    priority: Number(priority),
    path,
    first_line: Math.min(...ends),
    last_line: Math.max(...ends),
  };
}

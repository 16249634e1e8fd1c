import { relative, resolve } from "node:path";
import { countFindings, type ReviewFinding, formatLocation } from "#domain/finding.ts";
import type { EndedTask } from "#domain/record.ts";
import { makeVisible } from "#base/visible-text.ts";
import { compose, hangingIndent, multiline, paint, type Style, type Text, withoutControls } from "./style.ts";

/** Colours of the priorities, 0 first. */
const STYLES: readonly Style[] = ["red", "red", "yellow", "cyan"];

/** Formats the findings of a review for people: by file, each with a location that terminals and editors open, then the summary. */
export function formatFindings({
  run_dir,
  findings = [],
  outside_diff = [],
  summary = "",
  verdict,
}: EndedTask): Text[] {
  const outside =
    outside_diff.length === 0
      ? []
      : [paint("About lines outside the diff", "bold"), "", ...formatGroups(run_dir, outside_diff)];
  const count = countFindings({ findings, summary, ...(outside_diff.length > 0 && { outside_diff }) });
  return [
    ...formatGroups(run_dir, findings),
    ...outside,
    paint(verdict === undefined ? count : `${count} The changes are ${verdict} as a whole.`, "bold"),
    ...(summary === "" ? [] : [multiline(withoutControls(summary))]),
  ];
}

function formatGroups(folder: string, findings: readonly ReviewFinding[]): Text[] {
  const groups = Map.groupBy(findings, ({ path }) => path);
  return [...groups.values()].flatMap((group) => group.flatMap((finding) => formatFinding(folder, finding)));
}

function formatFinding(folder: string, finding: ReviewFinding): Text[] {
  const { priority, title, body, confidence } = finding;
  // Relative to the current folder, a location can be clicked.
  const location = formatLocation({ ...finding, path: relative(process.cwd(), resolve(folder, finding.path)) });
  const trust = confidence === undefined ? "" : paint(` (confidence ${Math.round(confidence * 100)}%)`, "dim");
  const head = compose`${paint(`P${priority}`, STYLES[priority] ?? "plain")} ${paint(makeVisible(location), "bold")} ${withoutControls(title)}${trust}`;
  const text = body.trim() === "" ? [] : [multiline(withoutControls(`   ${body.trim().replaceAll("\n", "\n   ")}`))];
  return [hangingIndent(head), ...text, ""];
}

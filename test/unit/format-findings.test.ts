// What people see of a review's findings, whatever the model writes.
import { expect, test } from "bun:test";
import { formatFindings } from "#cli/terminal/format-findings.ts";
import { render } from "#cli/terminal/style.ts";
import { formatReview } from "#domain/finding.ts";
import type { EndedTask } from "#domain/record.ts";

const finding = (path: string) => ({ title: "Fault", body: "Why.", priority: 1, path });

function formatPiped(paths: readonly string[]): string {
  const folder = process.cwd();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only these parts are formatted
  const task = { run_dir: folder, findings: paths.map((path) => finding(path)) } as unknown as EndedTask;
  return formatFindings(task)
    .map((line) => render(line, { isTerminal: false, hasColour: false }))
    .join("\n");
}

test("a path with a line feed is one line, and does not look like further findings", () => {
  const path = "a.ts\nP0 b.ts";
  expect(formatPiped([path])).toContain("P1 a.ts\\nP0 b.ts Fault");
  expect(formatReview({ findings: [finding(path)], summary: "" })).toContain("- [P1] Fault — a.ts\\nP0 b.ts\n");
});

test("an absolute path is not taken for one in the working tree", () => {
  expect(formatPiped(["/elsewhere/a.ts"])).toMatch(/^P1 (?:\.\.\/)+elsewhere\/a\.ts Fault/);
});

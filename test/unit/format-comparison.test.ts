import { expect, test } from "bun:test";
import type { ComparedTask } from "#worktrees/compare/compare-tasks.ts";
import { formatComparison } from "#cli/terminal/format-comparison.ts";
import { render } from "#cli/terminal/style.ts";

const task = (more: Partial<ComparedTask>): ComparedTask => ({
  task_id: "codex-implement-parser_try1-v1",
  status: "completed",
  elapsed_seconds: 100,
  ...more,
});

function show(tasks: ComparedTask[], width = 80, files = 0): string[] {
  const files_in_common = Array.from({ length: files }, (_, index) => ({ path: `${index}`, tasks: ["a", "b"] }));
  return formatComparison({ tasks, files_in_common, identical: [] }, width).map((line) =>
    render(line, { isTerminal: true, hasColour: false }),
  );
}

test("the smallest values of completed tasks are marked, if they differ", () => {
  const [, one, two, three] = show([
    task({ tokens: 900, elapsed_seconds: 61.2 }),
    task({ tokens: 800, elapsed_seconds: 61.7 }),
    task({ tokens: 5, elapsed_seconds: 1, status: "failed" }),
  ]);
  expect([one, two, three].map((line) => line?.match(/\S+\*/g) ?? [])).toEqual([[], ["800*"], []]);
});

test("with everything in it, the table fits 80 columns, and what others wrote cannot disturb the terminal", () => {
  const full = task({
    task_id: `codex-implement-${"long_name_".repeat(8)}try10-v1`,
    status: "cancelled",
    model: "model-with-a-long-name\u001B[31m\nand a line",
    reasoning_effort: "xhigh",
    profile: "profile",
    tokens: 123_456_789,
    elapsed_seconds: 200_000,
    check: { passed: false, attempts: 10 },
    changes: { files: 12_345, insertions: 123_456, deletions: 99_999 },
    merged: "0123456789abcdef",
    error: "It was \u001B]0;title\u0007 cancelled.",
  });
  const lines = show([full, full]);
  for (const line of lines.slice(0, 3)) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
  for (const line of lines) expect(["\u001B", "\u0007"].filter((each) => line.includes(each))).toEqual([]);
});

test("of many common files, the first are shown and the rest counted", () => {
  const lines = show([task({}), task({})], 80, 30);
  expect(lines).toContain("  0 (2 tasks)");
  expect(lines.at(-1)).toBe("  … and 10 more");
});

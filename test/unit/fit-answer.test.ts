import { describe, expect, test } from "bun:test";
import { fitAnswer, sizeOf } from "#mcp/answers/fit-answer.ts";

const wholeAt = (taskId: string) => `/tasks/${taskId}/result.md`;

test("what fits stays as it is", () => {
  const data = { task_id: "codex-a", result: "x".repeat(1000) };
  expect(fitAnswer(data, 2000, wholeAt)).toBe(data);
});

describe.each([3000, 10_000, 40_000])("in %i bytes", (limit) => {
  test.each([
    ["letters", "Lorem ipsum. ".repeat(400_000)],
    ["letters of three bytes", "日本語".repeat(500_000)],
    ["quotes and line ends", '"\n'.repeat(1_000_000)],
  ])("five megabytes of %s: beginning, end, and where the whole is", (_, result) => {
    const fitted = fitAnswer({ success: true, task_id: "codex-a", result, exit_code: 0 }, limit, wholeAt);
    expect(sizeOf(fitted)).toBeLessThanOrEqual(limit);
    // It makes use of the room that there is.
    expect(sizeOf(fitted)).toBeGreaterThan(limit * 0.8);
    expect(fitted).toMatchObject({ success: true, task_id: "codex-a", exit_code: 0 });
    const cut = (fitted as { result: string }).result;
    expect(cut).toStartWith(result.slice(0, 100));
    expect(cut).toEndWith(result.slice(-100));
    expect(cut).toContain(`of ${result.length} characters left out; the whole text is in /tasks/codex-a/result.md`);
  });

  test("several ended tasks share it, and each says where its whole is", () => {
    const done = ["codex-a", "codex-b"].map((task_id) => ({ task_id, result: "y".repeat(100_000), error: "short" }));
    const fitted = fitAnswer({ done, running: [{ task_id: "codex-c" }] }, limit, wholeAt) as {
      done: { result: string }[];
    };
    expect(sizeOf(fitted)).toBeLessThanOrEqual(limit);
    expect(fitted.done[1]?.result).toContain("/tasks/codex-b/result.md");
    expect(fitted).toMatchObject({ running: [{ task_id: "codex-c" }], done: [{ error: "short" }, {}] });
  });

  test("long lists of lines lose their end, and say how much", () => {
    const files_changed = Array.from({ length: 5000 }, (_, index) => `src/some/folder/file-${index}.ts`);
    const fitted = fitAnswer({ task_id: "codex-a", files_changed }, limit, wholeAt) as { files_changed: string[] };
    expect(sizeOf(fitted)).toBeLessThanOrEqual(limit);
    expect(fitted.files_changed.at(-1)).toBe(`… and ${5001 - fitted.files_changed.length} more`);
    expect(fitted.files_changed[0]).toBe("src/some/folder/file-0.ts");
  });
});

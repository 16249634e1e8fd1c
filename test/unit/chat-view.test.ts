import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { findNamedTasks, readToolFailure } from "#board/page/chat/tool-result.ts";
import { runs } from "../support/property.ts";

const text = (value: unknown) => ({ type: "text", text: typeof value === "string" ? value : JSON.stringify(value) });

describe("the tasks of a tool's result", () => {
  const one = { task_id: "codex-a-v1", topic: "a-v1", status: "running" };
  const named = { id: "codex-a-v1", title: "a-v1", status: "running" };

  test.each([
    ["its data", { structuredContent: one }, [named]],
    ["its text, if it is an error", { isError: true, content: [text("Sorry."), text(one)] }, [named]],
    [
      "the tries at one prompt",
      { structuredContent: { group: "g", tasks: [one, { ...one, title: "First" }] } },
      [named, { ...named, title: "First" }],
    ],
    [
      "a list with entries of other kinds",
      { structuredContent: { tasks: [null, 1, {}, { task_id: 2 }, one] } },
      [named],
    ],
    ["an answer about nothing", { structuredContent: { limits: "5 h" }, content: [text("Nothing.")] }, []],
    ["nothing", {}, []],
  ])("are found in %s", (_, result, expected) => {
    expect(findNamedTasks(result)).toEqual(expected);
  });

  test("are looked for in any result", () => {
    const values = fc.oneof(fc.anything(), fc.json());
    fc.assert(
      fc.property(values, values, (structuredContent, content) => {
        const result = { structuredContent, content: [content, text(content)] };
        expect(findNamedTasks(result)).toBeArray();
        expect(findNamedTasks({ structuredContent: content, content: structuredContent })).toBeArray();
        expect(readToolFailure(result).message).toBeString();
      }),
      runs(),
    );
  });
});

test("a failure is told in the server's words, or in the chat's", () => {
  const refusal = { success: false, error: "No.", code: "unknown_task", hint: "Look." };
  expect(readToolFailure({ content: [text(refusal)] })).toEqual({
    code: "unknown_task",
    message: "No.",
    hint: "Look.",
  });
  expect(readToolFailure({ content: [text("gone")] })).toEqual({ code: "unknown", message: "gone", hint: "" });
  expect(readToolFailure({}).message).toBe("The request failed.");
});

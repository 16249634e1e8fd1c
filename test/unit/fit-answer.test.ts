import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { fitAnswer, fitText, sizeOf } from "#mcp/answers/fit-answer.ts";
import { respondFailure } from "#mcp/answers/respond.ts";
import { runs, texts } from "../support/property.ts";

const wholeAt = (taskId: string) => `/tasks/${taskId}/result.md`;

/** Texts of all lengths, many of them about as long as those that are never cut. */
const longTexts = fc.oneof(
  texts,
  fc
    .tuple(
      fc.constantFrom("a", "日", "👍🏽", '"', "\n", "a👍", "\u0000"),
      fc.oneof(fc.integer({ min: 30, max: 300 }), fc.nat(20_000)),
    )
    .map(([unit, length]) => unit.repeat(length)),
);
const ids = fc.stringMatching(/^codex-[a-z]{1,8}$/);
const lists = fc.array(
  longTexts.map((text) => text.slice(0, 100).toWellFormed()),
  { maxLength: 60, size: "max" },
);
const facts = fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), longTexts, lists);
const tasks = fc.record(
  { task_id: ids, result: longTexts, exit_code: fc.integer(), files_changed: lists, error: texts },
  { requiredKeys: [] },
);
const answers = fc
  .tuple(
    tasks,
    fc.dictionary(fc.stringMatching(/^[a-z_]{1,10}$/), facts, { maxKeys: 6 }),
    fc.record(
      { done: fc.array(tasks, { maxLength: 4 }), usage: fc.record({ input_tokens: fc.nat() }) },
      { requiredKeys: [] },
    ),
  )
  .map(([task, more, nested]): object => Object.assign({}, more, nested, task));
const limits = fc.oneof(fc.nat(3000), fc.nat(40_000), fc.constant(Number.POSITIVE_INFINITY));

/** Returns what an answer must not be, compared with the whole; nothing if all that is missing is said to be. */
function findLosses(whole: unknown, fitted: unknown, where: string, file?: string): string[] {
  if (typeof whole === "string") return whole === fitted || isCutText(whole, fitted, file) ? [] : [where];
  if (Array.isArray(whole)) return isCutList(whole, fitted) ? [] : findLossesIn(whole, fitted, where);
  if (typeof whole === "object" && whole !== null) return findLossesIn(whole, fitted, where);
  return whole === fitted ? [] : [where];
}

function findLossesIn(whole: object, fitted: unknown, where: string): string[] {
  if (typeof fitted !== "object" || fitted === null) return [where];
  if (!Bun.deepEquals(Object.keys(whole), Object.keys(fitted))) return [`the fields of ${where}`];
  const id = "task_id" in whole ? String(whole.task_id) : undefined;
  const kept = new Map<string, unknown>(Object.entries(fitted));
  return Object.entries(whole).flatMap(([name, value]) => {
    const file = name === "result" && id !== undefined ? wholeAt(id) : undefined;
    return findLosses(value, kept.get(name), `${where}.${name}`, file);
  });
}

function isCutText(whole: string, fitted: unknown, file: string | undefined): boolean {
  const note = /^(.*)\n\n\[… (\d+) of (\d+) characters left out(?:; the whole text is in (.*))? …\]\n\n(.*)$/s;
  const [, head = "", missing, length, named, tail = ""] = note.exec(String(fitted)) ?? [];
  const isCounted = Number(length) === whole.length && head.length + tail.length + Number(missing) === whole.length;
  const isPart = whole.startsWith(head) && whole.endsWith(tail) && head.length + tail.length >= 190;
  return whole.length > 200 && isCounted && isPart && named === file && sizeOf(fitted) < sizeOf(whole);
}

function isCutList(whole: readonly unknown[], fitted: unknown): boolean {
  if (!Array.isArray(fitted) || fitted.length > whole.length || fitted.length < 6) return false;
  const kept = whole.slice(0, fitted.length - 1);
  const isKept = kept.every((item, index) => findLosses(item, fitted[index], "item").length === 0);
  return isKept && fitted.at(-1) === `… and ${whole.length - kept.length} more`;
}

test("an answer fits where it can, and says what it leaves out", () => {
  const property = fc.property(answers, limits, (answer, limit) => {
    const fitted = fitAnswer(answer, limit, wholeAt);
    if (sizeOf(answer) <= limit) return expect(fitted).toBe(answer);
    const smallest = fitAnswer(answer, 0, wholeAt);
    expect(sizeOf(smallest)).toBeLessThanOrEqual(sizeOf(answer));
    if (sizeOf(smallest) <= limit) expect(sizeOf(fitted)).toBeLessThanOrEqual(limit);
    else expect(fitted).toEqual(smallest);
    expect(findLosses(answer, fitted, "answer")).toEqual([]);
    // A lone surrogate would be written as \ud83d.
    expect(JSON.stringify(fitted)).not.toMatch(/\\ud[89a-f]/);
  });
  fc.assert(property, runs());
});

test("a text fits, and says what it leaves out", () => {
  const property = fc.property(longTexts, fc.integer({ min: 1500, max: 40_000 }), (text, limit) => {
    const fitted = fitText({ uri: "codex://tasks", text }, limit);
    expect(sizeOf(fitted)).toBeLessThanOrEqual(limit);
    expect(findLosses({ uri: "codex://tasks", text }, fitted, "content")).toEqual([]);
    expect(fitted.text.isWellFormed()).toBe(true);
  });
  fc.assert(property, runs());
});

test("a refusal is short and valid, whatever it repeats", () => {
  const hostile = fc.oneof(
    longTexts,
    fc.string({ unit: fc.constantFrom("\ud83d", "\ude00", "x"), maxLength: 3000, size: "max" }),
  );
  const property = fc.property(hostile, hostile, (message, hint) => {
    const { isError, content } = respondFailure({ code: "invalid_topic", message, hint });
    const [block] = content;
    if (block?.type !== "text") throw new Error("no text");
    expect(isError).toBe(true);
    expect(JSON.parse(block.text)).toMatchObject({ success: false, code: "invalid_topic" });
    expect(block.text.length).toBeLessThan(10_000);
    expect(block.text).not.toMatch(/[^\\]\\u(?!20)/);
  });
  fc.assert(property, runs());
});

describe.each([3000, 10_000, 40_000])("in %i bytes", (limit) => {
  test.each([
    ["letters", "Lorem ipsum. ".repeat(400_000)],
    ["letters of three bytes", "日本語".repeat(500_000)],
    ["quotes and line ends", '"\n'.repeat(1_000_000)],
  ])("five megabytes of %s make use of the room that there is", (_, result) => {
    const fitted = fitAnswer({ success: true, task_id: "codex-a", result, exit_code: 0 }, limit, wholeAt);
    expect(sizeOf(fitted)).toBeLessThanOrEqual(limit);
    expect(sizeOf(fitted)).toBeGreaterThan(limit * 0.8);
  });
});

test("many findings: the most urgent stay, and the answer says how many are missing and where", () => {
  const findings = Array.from({ length: 300 }, (_, index) => ({
    title: `Fault ${index}`,
    body: "Why. ".repeat(200),
    priority: 1,
    path: "a.ts",
    first_line: index + 1,
    last_line: index + 1,
  }));
  const fitted = fitAnswer(
    { task_id: "t", findings, outside_diff: findings },
    10_000,
    (id) => `/state/${id}/result.md`,
  );
  expect(sizeOf(fitted)).toBeLessThanOrEqual(10_000);
  const { findings: shown, findings_left_out: note } = fitted as { findings: object[]; findings_left_out: string };
  expect(shown.length).toBeGreaterThanOrEqual(5);
  expect(shown[0]).toMatchObject({ title: "Fault 0", path: "a.ts", first_line: 1 });
  expect(note).toBe(`${300 - shown.length} of 300; all are in /state/t/result.md`);
  expect(fitAnswer({ task_id: "t", findings: findings.slice(0, 2) }, 10_000, String)).toEqual({
    task_id: "t",
    findings: findings.slice(0, 2),
  });
});

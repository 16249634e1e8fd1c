import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseReview } from "#codex/review/parse-review.ts";
import { runs } from "../support/property.ts";

const own = {
  findings: [
    { title: "Late", body: "B", priority: 2, confidence: 0.5, path: "b.ts", first_line: 7, last_line: 9 },
    {
      title: "Whole file",
      body: "",
      priority: 0,
      confidence: 0.4,
      path: "logo.png",
      first_line: null,
      last_line: null,
    },
    { title: "Sure", body: "A", priority: 2, confidence: 0.9, path: "z.ts", first_line: 3, last_line: 3 },
  ],
  summary: "Three faults.",
  verdict: "incorrect",
};

const native = {
  findings: [
    {
      title: "[P1] Off by one",
      body: "The last item is skipped.",
      confidence_score: 0.8,
      priority: 1,
      code_location: { absolute_file_path: "/repo/a.ts", line_range: { start: 4, end: 4 } },
    },
    {
      title: "[P0] Crash",
      body: "",
      confidence_score: 1,
      code_location: { absolute_file_path: "/repo/b.ts", line_range: { start: 9, end: 7 } },
    },
  ],
  overall_correctness: "patch is incorrect",
  overall_explanation: "Two faults.",
  overall_confidence_score: 0.9,
};

const READ_NATIVE = {
  review: {
    findings: [
      { title: "Crash", body: "", priority: 0, confidence: 1, path: "/repo/b.ts", first_line: 7, last_line: 9 },
      {
        title: "Off by one",
        body: "The last item is skipped.",
        priority: 1,
        confidence: 0.8,
        path: "/repo/a.ts",
        first_line: 4,
        last_line: 4,
      },
    ],
    summary: "Two faults.",
    verdict: "incorrect" as const,
  },
};

test("an answer in this program's form is read, and sorted by priority, confidence and path", () => {
  const outcome = parseReview(JSON.stringify(own));
  expect(outcome).toEqual({
    review: {
      findings: [
        { title: "Whole file", body: "", priority: 0, confidence: 0.4, path: "logo.png" },
        { title: "Sure", body: "A", priority: 2, confidence: 0.9, path: "z.ts", first_line: 3, last_line: 3 },
        { title: "Late", body: "B", priority: 2, confidence: 0.5, path: "b.ts", first_line: 7, last_line: 9 },
      ],
      summary: "Three faults.",
      verdict: "incorrect",
    },
  });
});

test("the JSON of Codex's own reviewer is read, also in a fence and with words around it", () => {
  const json = JSON.stringify(native, null, 2);
  for (const text of [json, `\uFEFF${json}\n`, `\`\`\`json\n${json}\n\`\`\``, `Here it is:\n${json}\nThat is all.`]) {
    expect(parseReview(text)).toEqual(READ_NATIVE);
  }
});

// As `codex exec review` printed it in 0.98 and in 0.169.
test("the list that Codex's own reviewer prints is read", () => {
  const text =
    "Explained.\n\nFull review comments:\n\n- [P1] One — two — /repo/src/a — b.ts:2-2\n  Body\n  second line.\n  \n  - list\n\n- [P0] Two — README.md:1-9\n  {not json}";
  expect(parseReview(text)).toEqual({
    review: {
      findings: [
        { title: "Two", body: "{not json}", priority: 0, path: "README.md", first_line: 1, last_line: 9 },
        {
          title: "One — two — /repo/src/a",
          body: "Body\nsecond line.\n\n- list",
          priority: 1,
          path: "b.ts",
          first_line: 2,
          last_line: 2,
        },
      ],
      summary: "Explained.",
    },
  });
  const single = "Explained.\n\nReview comment:\n\n- [P2] Bad — /r/x.ts:3-4\n  Wrong.";
  expect(parseReview(single)).toMatchObject({ review: { findings: [{ path: "/r/x.ts", priority: 2 }] } });
});

test("no findings are a review, words are not", () => {
  expect(parseReview('{"findings": []}')).toEqual({ review: { findings: [], summary: "" } });
  expect(parseReview("Fine.")).toEqual({ problem: "is not a JSON object" });
  expect(parseReview(undefined)).toEqual({ problem: "is empty" });
});

const finding = own.findings[0];
const malformed: [name: string, answer: string][] = [
  ["cut off", JSON.stringify(own).slice(0, 60)],
  ["a list", "[]"],
  ["without findings", '{"summary": "x"}'],
  ["findings of another type", '{"findings": {}}'],
  ["a finding that is a text", '{"findings": ["x"]}'],
  ["no priority", JSON.stringify({ findings: [{ ...finding, priority: null }] })],
  ["a priority out of range", JSON.stringify({ findings: [{ ...finding, priority: 4 }] })],
  ["a confidence in percent", JSON.stringify({ findings: [{ ...finding, confidence: 85 }] })],
  ["a line that is a text", JSON.stringify({ findings: [{ ...finding, first_line: "7" }] })],
  ["a negative line", JSON.stringify({ findings: [{ ...finding, first_line: -1 }] })],
  ["half a line", JSON.stringify({ findings: [{ ...finding, first_line: 1.5 }] })],
  ["no path", JSON.stringify({ findings: [{ ...finding, path: "" }] })],
  ["an empty title", JSON.stringify({ findings: [{ ...finding, title: " " }] })],
  ["too many findings", JSON.stringify({ findings: Array.from({ length: 1001 }, () => finding) })],
  ["another verdict", JSON.stringify({ ...own, verdict: "maybe" })],
  ["a native finding without a place", JSON.stringify({ findings: [{ ...native.findings[0], code_location: null }] })],
  ["a list without priorities", "Review comment:\n\n- Two — README.md:1-9\n  Body"],
  ["a list with words between", "Full review comments:\n\n- [P1] A — a:1-1\n  B\nWords."],
  ["a list without findings", "Full review comments:\n\n"],
];
for (const [name, answer] of malformed) {
  test(`malformed: ${name}`, () => {
    expect(parseReview(answer)).toEqual({ problem: expect.any(String) });
  });
}

test("an answer of any kind is read or refused, never both, and never throws", () => {
  const json = fc.json();
  const damaged = fc
    .tuple(fc.constantFrom(JSON.stringify(own), JSON.stringify(native)), fc.nat(), fc.nat(30), fc.string())
    .map(([text, at, length, insert]) => {
      const from = at % text.length;
      return text.slice(0, from) + insert + text.slice(from + length);
    });
  const property = fc.property(fc.oneof(fc.string(), json, damaged), (text) => {
    const outcome = parseReview(text);
    if ("problem" in outcome) return;
    for (const { priority, first_line, last_line, path, title } of outcome.review.findings) {
      expect([0, 1, 2, 3]).toContain(priority);
      expect(path === "" || title.trim() === "").toBe(false);
      expect((first_line === undefined) === (last_line === undefined)).toBe(true);
      expect((first_line ?? 1) > 0 && (first_line ?? 0) <= (last_line ?? 0)).toBe(true);
    }
  });
  fc.assert(property, runs());
});

test("hostile titles and list entries take no more time than their length", () => {
  const title = `[P1]${" ".repeat(1_000_000)}`;
  const entry = `- [P1] ${"a — ".repeat(100_000)}b`;
  const started = performance.now();
  expect(parseReview(JSON.stringify({ findings: [{ title, body: "", path: "a" }] }))).toHaveProperty("problem");
  expect(parseReview(`Review comment:\n\n${entry}`)).toHaveProperty("problem");
  expect(performance.now() - started).toBeLessThan(2000);
});

test("a title is one line: it does not look like further findings", () => {
  const findings = [{ title: "[P2] One\nP0 b.ts:1 Another\r\n", body: "", path: "a" }];
  const outcome = parseReview(JSON.stringify({ findings }));
  expect(outcome).toMatchObject({ review: { findings: [{ title: "One P0 b.ts:1 Another", priority: 2 }] } });
});

import { expect, test } from "bun:test";
import type { ReviewFinding } from "#domain/finding.ts";
import type { ChangedFile } from "#git/changes/changed-lines.ts";
import { toByteName } from "#git/byte-names.ts";
import { placeFindings } from "#tasks/review/place-findings.ts";

function file(path: string, hunks: [number, number][], more: Partial<ChangedFile> = {}): ChangedFile {
  return { path, name: toByteName(path), status: "modified", isOpaque: false, hunks, ...more };
}

const FILES = [
  file("src/a.ts", [
    [10, 20],
    [40, 50],
  ]),
  file("a/src/a.ts", [[1, 2]]),
  file("größe.txt", [[1, 9]]),
  file('say "hi".txt', [[1, 9]]),
  file("logo.png", [], { isOpaque: true }),
  file("moved.ts", [], { status: "renamed", from: "old.ts" }),
  file("gone.ts", [[1, 30]], { status: "deleted" }),
  { ...file(String.raw`caf\xe9.txt`, [[1, 9]]), name: "caf\u00E9.txt" },
];

function place(path: string, first_line?: number, last_line = first_line) {
  const finding: ReviewFinding = { title: "T", body: "", priority: 1, path };
  const lines = first_line === undefined || last_line === undefined ? {} : { first_line, last_line };
  const { findings, outside_diff } = placeFindings(
    { findings: [{ ...finding, ...lines }], summary: "" },
    { top: "/repo", files: FILES },
  );
  expect(findings.length + (outside_diff?.length ?? 0)).toBe(1);
  const [found] = findings;
  return found === undefined ? "outside" : [found.path, found.first_line, found.last_line, found.reported_lines];
}

test("lines within a hunk stay as they are", () => {
  expect(place("src/a.ts", 10, 20)).toEqual(["src/a.ts", 10, 20, undefined]);
  expect(place("gone.ts", 7)).toEqual(["gone.ts", 7, 7, undefined]);
});

test("lines are cut to the hunk that they begin in, or to the only one that they touch, and the cut is noted", () => {
  expect(place("src/a.ts", 15, 45)).toEqual(["src/a.ts", 15, 20, "15-45"]);
  expect(place("src/a.ts", 1, 12)).toEqual(["src/a.ts", 10, 12, "1-12"]);
  expect(place("src/a.ts", 30, 99)).toEqual(["src/a.ts", 40, 50, "30-99"]);
});

test("lines outside of all hunks, and lines around several, are not guessed into place", () => {
  expect(place("src/a.ts", 21, 39)).toBe("outside");
  expect(place("src/a.ts", 1, 99)).toBe("outside");
  expect(place("src/a.ts", 9)).toBe("outside");
  expect(place("moved.ts", 5)).toBe("outside");
});

test("a finding without lines is about the file, and a file without lines has none", () => {
  expect(place("src/a.ts")).toEqual(["src/a.ts", undefined, undefined, undefined]);
  expect(place("logo.png", 1)).toEqual(["logo.png", undefined, undefined, undefined]);
  expect(place("moved.ts")).toEqual(["moved.ts", undefined, undefined, undefined]);
});

test("a path is recognised in the forms of git, of patches and of the file system", () => {
  for (const path of [
    "src/a.ts",
    "./src/a.ts",
    "/repo/src/a.ts",
    "b/src/a.ts",
    " src/a.ts",
    "src//a.ts",
    "src/./a.ts",
  ]) {
    expect(place(path, 10)).toEqual(["src/a.ts", 10, 10, undefined]);
  }
  // There is a folder of this name, so it is not the side of a patch.
  expect(place("a/src/a.ts", 1)).toEqual(["a/src/a.ts", 1, 1, undefined]);
  for (const path of [
    "größe.txt",
    "gro\u0308ße.txt",
    String.raw`"gr\303\266\303\237e.txt"`,
    String.raw`"b/gr\303\266\303\237e.txt"`,
  ]) {
    expect(place(path, 1)).toEqual(["größe.txt", 1, 1, undefined]);
  }
  expect(place(String.raw`"say \"hi\".txt"`, 1)).toEqual(['say "hi".txt', 1, 1, undefined]);
  for (const path of [String.raw`caf\xe9.txt`, String.raw`"caf\351.txt"`, String.raw`/repo/caf\xe9.txt`]) {
    expect(place(path, 1)).toEqual([String.raw`caf\xe9.txt`, 1, 1, undefined]);
  }
});

test("a path that names no changed file is not guessed", () => {
  for (const path of ["a.ts", "src/A.ts", "/other/src/a.ts", "../src/a.ts", "old.ts", "src/a.ts:10", "/repo", "src"]) {
    expect(place(path, 10)).toBe("outside");
  }
});

test("two files whose names look the same are told apart by their exact names only", () => {
  const files = [file("é.txt", [[1, 1]]), file("e\u0301.txt", [[5, 5]])];
  const findings: ReviewFinding[] = ["é.txt", "e\u0301.txt", "/repo/é.txt"].map((path) => ({
    title: path,
    body: "",
    priority: 1,
    path,
    first_line: path.startsWith("e") ? 5 : 1,
    last_line: path.startsWith("e") ? 5 : 1,
  }));
  const placed = placeFindings({ findings, summary: "" }, { top: "/repo", files });
  expect(placed.findings.map(({ path }) => path)).toEqual(["e\u0301.txt", "é.txt", "é.txt"]);
  expect(placed.outside_diff).toBeUndefined();
});

import { describe, expect, test } from "bun:test";
import { describeConflicts } from "#domain/collision.ts";
import { parseMerges } from "#git/merge/merge-many.ts";
import { type ChangedPaths, mergeSafely } from "#worktrees/collisions/changed-paths.ts";

const changes = (kinds: Record<string, string>, changesRules = false): ChangedPaths => ({
  kinds: new Map(Object.entries(kinds)),
  changesRules,
});

describe("changes that certainly merge", () => {
  const cases: [what: string, one: ChangedPaths, other: ChangedPaths, isSafe: boolean][] = [
    ["different files", changes({ a: "M", "b/c": "A" }), changes({ d: "M", "b/e": "A" }), true],
    ["the same file", changes({ a: "M" }), changes({ a: "M" }), false],
    ["one only modifies, the other renames", changes({ a: "M" }), changes({ b: "D", c: "A" }), true],
    [
      "one adds where the other may rename a folder",
      changes({ "b/new": "A" }),
      changes({ "b/c": "D", "d/c": "A" }),
      false,
    ],
    ["a file in the way of a folder", changes({ a: "A" }), changes({ "a/b/c": "A" }), false],
    ["and the other way round", changes({ "a/b/c": "A" }), changes({ "a/b": "A" }), false],
    ["a similar name is not in the way", changes({ ab: "A" }), changes({ "a/b": "A" }), true],
    ["attributes", changes({ ".gitattributes": "M" }, true), changes({ b: "M" }), false],
    ["nothing", changes({}), changes({ b: "D" }), true],
  ];
  for (const [what, one, other, isSafe] of cases) {
    test(what, () => {
      expect(mergeSafely(one, other)).toBe(isSafe);
      expect(mergeSafely(other, one)).toBe(isSafe);
    });
  }
});

describe("git's answer about several merges", () => {
  const parse = (text: string) => parseMerges(Buffer.from(text, "latin1"));

  test("is a state, a tree and files for each", () => {
    expect(parse("1\0aa\0\0\x30\0bb\0f\0g h\0f\0\0\x30\0cc\0\0")).toEqual([
      { isClean: true, files: [] },
      { isClean: false, files: ["f", "g h"] },
      { isClean: false, files: [] },
    ]);
  });

  test("counts only as far as it is complete and makes sense", () => {
    for (const rest of ["0\0bb\0f\0", "0\0bb", "0", "x\0bb\0\0", "\0\0\0", "-1\0bb\0\0"]) {
      expect(parse(`1\0aa\0\0${rest}`)).toEqual([{ isClean: true, files: [] }]);
    }
    expect(parse("")).toEqual([]);
  });
});

test("conflicts in words: at most two tasks, and how many more", () => {
  const conflict = (task: string, count: number) => ({ task: `codex-${task}`, files: Array<string>(count).fill("f") });
  expect(describeConflicts({})).toBeUndefined();
  expect(describeConflicts({ conflicts_with: [conflict("a-v1", 1)] })).toBe("conflicts with a-v1 (1 file)");
  const many = { conflicts_with: ["a", "b", "c"].map((name) => conflict(name, 2)), conflicts_total: 30 };
  expect(describeConflicts(many)).toBe("conflicts with a (2 files), b (2 files) and 28 more");
});

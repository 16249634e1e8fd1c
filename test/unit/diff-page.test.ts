import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { describeLines, formatComments } from "#board/page/diff/comments/comment-message.ts";
import { inTreeOrder, listTree } from "#board/page/diff/tree/file-tree.ts";
import { RowModel } from "#board/page/diff/rows/row-model.ts";
import type { ChangedPath } from "#board/api/changes.ts";
import { runs } from "../support/property.ts";

const file = (path: string, more: Partial<ChangedPath> = {}): ChangedPath => ({
  path,
  status: "modified",
  insertions: 1,
  deletions: 1,
  is_binary: false,
  offset: 0,
  length: 100,
  rows: { unified: 3, split: 2 },
  ...more,
});

describe("the tree of files", () => {
  test("joins folders that lead to one other, and has folders first", () => {
    const rows = listTree([file("z.ts"), file("a/b/c/d.ts"), file("a/b/e.ts"), file("q/r.ts")], "", new Set());
    expect(rows.map(({ kind, name, depth }) => `${depth} ${kind} ${name}`)).toEqual([
      "0 folder a/b",
      "1 folder c",
      "2 file d.ts",
      "1 file e.ts",
      "0 folder q",
      "1 file r.ts",
      "0 file z.ts",
    ]);
  });

  test("a filter opens closed folders", () => {
    const files = [file("a/b.ts"), file("c/d.ts")];
    expect(listTree(files, "", new Set(["a", "c"])).map(({ path }) => path)).toEqual(["a", "c"]);
    expect(listTree(files, "B.T", new Set(["a", "c"])).map(({ path }) => path)).toEqual(["a", "a/b.ts"]);
  });

  test("has each file once, whatever the paths", () => {
    const paths = fc.uniqueArray(
      fc.array(fc.constantFrom("a", "b", "", "__proto__", "c.ts")).map((all) => all.join("/")),
    );
    fc.assert(
      fc.property(paths, (all) => {
        const found = inTreeOrder(all.map((path) => file(path))).map(({ path }) => path);
        expect(found.toSorted()).toEqual(all.toSorted());
      }),
      runs(),
    );
  });
});

describe("the rows of all files", () => {
  const blocks = fc.array(
    fc.record({
      unified: fc.nat(5),
      isFolded: fc.boolean(),
      is_binary: fc.boolean(),
      inserted: fc.uniqueArray(fc.integer({ min: -1, max: 4 }), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 6 },
  );

  test("each row has a place and a key of its own, and is found again", () => {
    fc.assert(
      fc.property(blocks, (all) => {
        const files = all.map(({ unified, is_binary }, index) =>
          file(`f${index}`, { is_binary, rows: { unified, split: unified } }),
        );
        const of = ({ path }: ChangedPath) => all[Number(path.slice(1))];
        const model = new RowModel({
          files,
          isSplit: false,
          isFolded: (each) => of(each)?.isFolded === true,
          shapeOf: () => undefined,
          limitOf: () => 1000,
          insertedOf: (each) => {
            const { inserted = [], unified = 0, is_binary = false } = of(each) ?? {};
            const places = inserted.filter((after) => after < (is_binary ? 0 : unified)).toSorted((a, b) => a - b);
            return places.map((after) => ({ id: `${each.path}:${after}`, after }));
          },
          keyOf: (each) => Number(each.path.slice(1)) * 100,
        });
        const rows = Array.from({ length: model.count }, (_, index) => index);
        expect(new Set(rows.map((index) => model.keyAt(index))).size).toBe(model.count);
        for (const index of rows.toReversed()) {
          const row = model.at(index);
          expect(row?.kind).toBe(model.kindAt(index));
          if (row?.kind === "line") expect(model.indexOf(row.block, row.row)).toBe(index);
          if (row?.kind === "file") expect(row.block.start).toBe(index);
          if (row?.kind === "inserted") {
            const after = Number(row.id.split(":")[1]);
            const before = model.at(index - 1);
            expect(before?.kind === "line" ? before.row : -1).toBe(after);
          }
        }
      }),
      runs(),
    );
  });
});

describe("comments as a message", () => {
  const comment = {
    id: "x",
    path: "a.ts",
    side: "new" as const,
    first: 3,
    last: 3,
    quoted: ["const a = 1;"],
    text: "No.",
  };

  test("quotes the lines, a few of many", () => {
    expect(formatComments([comment])).toBe("1 comment on your changes:\n\na.ts, line 3:\n> const a = 1;\nNo.");
    const quoted = Array.from({ length: 30 }, () => "x".repeat(1000));
    const long = formatComments([{ ...comment, last: 32, quoted }]);
    expect(long).toContain("a.ts, lines 3-32:");
    expect(long).toContain("> (10 more lines)");
    expect(long.length).toBeLessThan(10_000);
    expect(describeLines({ ...comment, side: "old" })).toBe("line 3 before the change");
  });

  test("shows names that are not what they seem", () => {
    expect(formatComments([{ ...comment, path: "a\nb\u202e.ts" }])).toContain("a\\nb\\u202e.ts, line 3:");
  });

  test("is refused if it is longer than a task takes", () => {
    const text = "é".repeat(50_000);
    expect(() => formatComments(Array.from({ length: 11 }, () => ({ ...comment, text })))).toThrow(
      "longer than 1,048,576",
    );
  });
});

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type BoardColumn, COLUMNS } from "#board/api/card.ts";
import { toCard, type WorkFacts } from "#board/cards/to-card.ts";
import type { TaskRecord } from "#domain/record.ts";
import { parseShortstat } from "#worktrees/compare/task-work.ts";
import { type LoadKind, makeRecord } from "../support/board-load-records.ts";

const DAY_MS = 86_400_000;
const PLACE = { index: 1, home: "/state", now: Date.now(), repository: "/project", commit: "c" };
const recordOf = (kind: LoadKind, more: Partial<TaskRecord> = {}) =>
  makeRecord(kind, PLACE, { end_time: new Date().toISOString(), ...more });
const columnOf = (record: TaskRecord, work: WorkFacts) => toCard(record, {}, work).column;

describe("the column of a task", () => {
  test.each<[string, TaskRecord, WorkFacts, BoardColumn]>([
    ["queued", recordOf("queued"), { work: "none" }, "queued"],
    ["running", recordOf("running"), { work: "open" }, "running"],
    ["running, waiting for its quota", recordOf("quota"), { work: "none" }, "running"],
    ["with a question", recordOf("waiting"), { work: "none" }, "waiting"],
    ["completed with open work", recordOf("review"), { work: "open" }, "review"],
    ["completed, continued by a later task", recordOf("review"), { work: "open", is_superseded: true }, "merged"],
    ["completed without work", recordOf("review"), { work: "none" }, "merged"],
    ["merged", recordOf("review"), { work: "merged" }, "merged"],
    ["discarded", recordOf("review"), { work: "discarded" }, "merged"],
    ["gone", recordOf("review"), { work: "gone" }, "merged"],
    ["read-only, ended lately", recordOf("answered"), { work: "none" }, "review"],
    ["failed with work", recordOf("failed"), { work: "open" }, "failed"],
    ["cancelled", recordOf("cancelled"), { work: "none" }, "failed"],
  ])("%s", (_name, record, work, column) => {
    expect(columnOf(record, work)).toBe(column);
  });

  test("read-only, ended more than a week ago", () => {
    const record = makeRecord("answered", PLACE, { end_time: new Date(Date.now() - 8 * DAY_MS).toISOString() });
    expect(columnOf(record, { work: "none" })).toBe("merged");
  });

  test("is one of them, whatever the task", () => {
    const kinds = fc.constantFrom<LoadKind>("running", "queued", "waiting", "quota", "review", "answered", "failed");
    const works = fc.constantFrom<WorkFacts["work"]>("none", "open", "merged", "discarded", "gone");
    fc.assert(
      fc.property(kinds, works, fc.boolean(), fc.string({ maxLength: 5000 }), (kind, work, is_superseded, title) => {
        const card = toCard({ ...recordOf(kind), title }, {}, { work, is_superseded });
        expect(COLUMNS).toContain(card.column);
        expect(card.title.length).toBeLessThanOrEqual(501);
      }),
    );
  });
});

test("the numbers of a summary of differences are read, whatever it lacks", () => {
  expect(parseShortstat(undefined)).toBeUndefined();
  expect(parseShortstat("")).toEqual({ files: 0, insertions: 0, deletions: 0 });
  expect(parseShortstat("1 file changed, 1 deletion(-)")).toEqual({ files: 1, insertions: 0, deletions: 1 });
  expect(parseShortstat("12 files changed, 1 insertion(+)")).toEqual({ files: 12, insertions: 1, deletions: 0 });
  expect(parseShortstat("2 files changed, 3 insertions(+), 4 deletions(-)")).toEqual({
    files: 2,
    insertions: 3,
    deletions: 4,
  });
});

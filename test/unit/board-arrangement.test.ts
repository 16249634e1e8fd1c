import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Card, COLUMNS } from "#board/api/card.ts";
import { arrangeCards } from "#board/page/board/columns.ts";
import { type BoardFilter, isFiltering, NO_FILTER, readFilter, writeFilter } from "#board/page/board/filter/filter.ts";
import { EMPTY_DRAFT, findFault, toNewTask } from "#board/page/new-task/draft.ts";
import { runs } from "../support/property.ts";

const CARD: Card = {
  id: "codex-fix-a-v1",
  run: 1,
  status: "completed",
  column: "review",
  title: "Fix the login",
  topic: "fix-a-v1",
  repository: "/home/me/api",
  sandbox: "read-only",
  is_unsandboxed: false,
  started_at: "2026-01-01T00:00:00.000Z",
  elapsed_seconds: 1,
  questions: 0,
  work: "none",
};

const time = fc.date({ min: new Date(0), max: new Date(1e12), noInvalidDate: true }).map((date) => date.toISOString());
const card: fc.Arbitrary<Card> = fc
  .record({
    id: fc.uuid(),
    column: fc.constantFrom(...COLUMNS),
    title: fc.string(),
    repository: fc.constantFrom("/a", "/b"),
    client: fc.constantFrom("board", "claude-code"),
    started_at: time,
    work: fc.constantFrom("none", "open", "merged"),
  })
  .map((part): Card => Object.assign({}, CARD, part));
const filter: fc.Arbitrary<BoardFilter> = fc.record({
  repository: fc.constantFrom("", "/a", "/c"),
  state: fc.constantFrom("", ...COLUMNS, "cancelled"),
  client: fc.constantFrom("", "board"),
  group: fc.constantFrom("", "g"),
  text: fc.string(),
});

describe("the arrangement of cards", () => {
  test("has each card once, or counts it as hidden; no filter hides any", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(card, { selector: ({ id }) => id }),
        filter,
        fc.boolean(),
        (cards, chosen, areSeen) => {
          const { columns, shown, hidden } = arrangeCards(cards, chosen, () => areSeen);
          const ids = COLUMNS.flatMap((column) => columns[column].map(({ id }) => id));
          expect(new Set(ids).size).toBe(ids.length);
          expect([ids.length, shown + hidden]).toEqual([shown, cards.length]);
          if (!isFiltering(chosen)) expect(hidden).toBe(0);
        },
      ),
      runs(1),
    );
  });

  test("does not depend on the order in which the cards came", () => {
    fc.assert(
      fc.property(fc.uniqueArray(card, { selector: ({ id }) => id }), (cards) => {
        const one = arrangeCards(cards, NO_FILTER, () => false);
        expect(arrangeCards(cards.toReversed(), NO_FILTER, () => false)).toEqual(one);
      }),
      runs(1),
    );
  });

  test("moves an answer that was read to the merged ones, but never open work", () => {
    const columnOf = (part: Partial<Card>, isSeen: boolean) => {
      const { columns } = arrangeCards([{ ...CARD, ...part }], NO_FILTER, () => isSeen);
      return COLUMNS.find((column) => columns[column].length > 0);
    };
    expect(columnOf({}, false)).toBe("review");
    expect(columnOf({}, true)).toBe("merged");
    expect(columnOf({ work: "open" }, true)).toBe("review");
    expect(columnOf({ column: "running", status: "running" }, true)).toBe("running");
  });
});

describe("the filter", () => {
  test("is the same after a way through the address", () => {
    fc.assert(
      fc.property(filter, (chosen) => {
        expect(readFilter(writeFilter(chosen))).toEqual(chosen);
      }),
      runs(1),
    );
  });

  test("needs all words, in any order and case, and tells failed from cancelled", () => {
    const shows = (part: Partial<BoardFilter>, of: Partial<Card> = {}) =>
      arrangeCards([{ ...CARD, ...of }], { ...NO_FILTER, ...part }, () => false).shown === 1;
    expect(shows({ text: "LOGIN fix" })).toBe(true);
    expect(shows({ text: "api login" })).toBe(true);
    expect(shows({ text: "login logout" })).toBe(false);
    const cancelled = { status: "cancelled", column: "failed" } as const;
    expect([shows({ state: "cancelled" }, cancelled), shows({ state: "failed" }, cancelled)]).toEqual([true, false]);
  });
});

describe("the form for a new task", () => {
  const draft = { ...EMPTY_DRAFT, repository: " /home/me/api ", prompt: "Fix it" };

  test("leaves out what its sandbox does not have", () => {
    const full = { ...draft, base: "main", check: "make", asks: true, model: " m " };
    const common = { repository: "/home/me/api", prompt: "Fix it", model: "m" };
    expect(toNewTask(full)).toEqual({ ...common, sandbox: "read-only" });
    const work = { ...common, base: "main", check: "make" };
    expect(toNewTask({ ...full, sandbox: "full-access", tries: "3" })).toEqual({
      ...work,
      sandbox: "full-access",
      tries: 3,
    });
    expect(toNewTask({ ...full, sandbox: "workspace-write" })).toEqual({
      ...work,
      sandbox: "workspace-write",
      approvals: "ask",
    });
  });

  test.each([
    [{ repository: "" }, "repository"],
    [{ repository: "api" }, "repository"],
    [{ prompt: " \n" }, "prompt"],
    [{ tries: "0" }, "tries"],
    [{ tries: "1.5" }, "tries"],
    [{ tries: "11" }, "tries"],
    [{}, undefined],
    [{ repository: "~/api" }, undefined],
  ] as const)("finds the fault of %p", (part, field) => {
    expect(findFault({ ...draft, ...part }, 10)?.field).toBe(field);
  });
});

// The sums of the board's usage, and its tables as CSV.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { UsageRow } from "#board/api/usage.ts";
import {
  groupUsage,
  listDays,
  OTHER_GROUPS,
  successRate,
  sumUsage,
  usageByDay,
} from "#board/page/usage/group-usage.ts";
import { toCsv } from "#board/page/usage/to-csv.ts";
import { runs, texts } from "../support/property.ts";

const DAYS = listDays("2026-02-26", "2026-03-02");

const rows: fc.Arbitrary<UsageRow[]> = fc.array(
  fc.record({
    day: fc.constantFrom(...DAYS),
    repository: fc.constantFrom("/a/x", "/b/x", "removed", "__proto__", "constructor", "/c"),
    model: fc.constantFrom("gpt-5", "default", "removed"),
    outcome: fc.constantFrom("completed", "failed", "cancelled", "running", "removed"),
    runs: fc.nat(5),
    seconds: fc.nat(1000),
    input_tokens: fc.nat(1000),
    cached_input_tokens: fc.nat(1200),
    output_tokens: fc.nat(100),
    reasoning_output_tokens: fc.nat(50),
  }),
  { maxLength: 40, size: "max" },
);

test("days of the calendar are listed over the end of a month; nonsense lists none", () => {
  expect(DAYS).toEqual(["2026-02-26", "2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]);
  expect(listDays("", "")).toEqual([]);
  expect(listDays("2026-03-02", "2026-03-01")).toEqual([]);
});

describe("groups", () => {
  test("together they have all that the rows have, by every property", () => {
    fc.assert(
      fc.property(rows, fc.constantFrom("repository", "model", "outcome"), (all, by) => {
        const groups = groupUsage(all, by);
        expect(new Set(groups.map(({ key }) => key)).size).toBe(groups.length);
        for (const name of ["runs", "tokens", "seconds", "cached", "cancelled"] as const) {
          expect(groups.reduce((sum, group) => sum + group.sum[name], 0)).toBe(sumUsage(all)[name]);
        }
      }),
      runs(),
    );
  });

  test("the series of a plot have all of each day, whatever is put together as others", () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 8 }), fc.constantFrom("tokens", "seconds"), (all, count, measure) => {
        const groups = groupUsage(all, "repository");
        const { series } = usageByDay(all, DAYS, measure, "repository", groups, count);
        expect(series.length).toBeLessThanOrEqual(count + 1);
        for (const [at, day] of DAYS.entries()) {
          const sum = sumUsage(all.filter((row) => row.day === day))[measure];
          expect(series.reduce((total, each) => total + (each.values[at] ?? 0), 0)).toBe(sum);
        }
        for (const { values, total } of series) expect(values.reduce((sum, value) => sum + value, 0)).toBe(total);
      }),
      runs(),
    );
  });

  test("one group alone is not called others", () => {
    const row = (repository: string): UsageRow => ({
      day: DAYS[0] ?? "",
      repository,
      model: "m",
      outcome: "completed",
      runs: 1,
      seconds: 1,
      input_tokens: 1,
      cached_input_tokens: 0,
      output_tokens: 0,
      reasoning_output_tokens: 0,
    });
    const keysOf = (names: string[]) => {
      const all = names.map((name) => row(name));
      return usageByDay(all, DAYS, "tokens", "repository", groupUsage(all, "repository"), 2).series.map(
        ({ key }) => key,
      );
    };
    expect(keysOf(["/a", "/b", "/c"])).toEqual(["/a", "/b", "/c"]);
    expect(keysOf(["/a", "/b", "/c", "/d"])).toEqual(["/a", "/b", OTHER_GROUPS]);
  });

  test("what has not ended is no part of the success rate", () => {
    expect(successRate(sumUsage([]))).toBeUndefined();
    fc.assert(
      fc.property(rows, (all) => {
        const ended = all.filter(({ outcome }) => outcome !== "running");
        expect(successRate(sumUsage(all))).toEqual(successRate(sumUsage(ended)));
      }),
      runs(),
    );
  });
});

/** Parses CSV as RFC 4180 says. */
function parseCsv(text: string): string[][] {
  const table: string[][] = [];
  let [row, field, isQuoted]: [string[], string, boolean] = [[], "", false];
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (isQuoted && character === '"' && text.charAt(at + 1) === '"') {
      field += '"';
      at++;
    } else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && character === ",") {
      row.push(field);
      field = "";
    } else if (!isQuoted && text.startsWith("\r\n", at)) {
      table.push([...row, field]);
      [row, field] = [[], ""];
      at++;
    } else field += character;
  }
  return table;
}

describe("CSV", () => {
  const cells = fc.oneof(
    texts,
    fc.integer(),
    fc.constantFrom("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", 'a"b', "a,b", "a\r\nb"),
  );

  test("gives back every cell, and no text is a formula", () => {
    fc.assert(
      fc.property(fc.array(fc.array(cells, { minLength: 3, maxLength: 3 }), { maxLength: 8 }), (table) => {
        const parsed = parseCsv(toCsv(["a", "b", "c"], table));
        expect(parsed.length).toBe(table.length + 1);
        for (const [index, row] of table.entries()) {
          for (const [column, cell] of row.entries()) {
            const got = parsed[index + 1]?.[column] ?? "";
            if (typeof cell === "string") expect(got).not.toMatch(/^[=+\-@\t\r]/);
            expect([String(cell), `'${cell}`]).toContain(got);
          }
        }
      }),
      runs(),
    );
  });

  test("numbers stay numbers; names of columns are texts", () => {
    expect(toCsv(["=x", 'say "a"'], [[-1, "-1"]])).toBe(`'=x,"say ""a"""\r\n-1,'-1\r\n`);
  });
});

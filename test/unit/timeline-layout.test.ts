// The places of runs on the board's timeline, and the part of time that it shows.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { TimelineRun } from "#board/api/usage.ts";
import { BAR_HEIGHT, filterRuns, layOut, MIN_BAR_WIDTH, packRows } from "#board/page/timeline/chart/lay-out.ts";
import {
  edgesOf,
  formatView,
  panView,
  parseView,
  type TimeView,
  ticksBetween,
  zoomView,
} from "#board/page/timeline/time-view.ts";
import { runs } from "../support/property.ts";

const NOW = Date.UTC(2026, 10, 28, 12);
const HOUR = 3_600_000;

const run = (change: Partial<TimelineRun> & { from: number; to?: number }): TimelineRun => {
  const { from, to, ...rest } = change;
  return {
    id: `codex-${from}`,
    run: 1,
    topic: "implement-a-v1",
    work: `implement-${from}`,
    title: "A task",
    repository: "/code/a",
    host: "here",
    status: to === undefined ? "running" : "completed",
    queued_at: new Date(from).toISOString(),
    started_at: new Date(from).toISOString(),
    ...(to !== undefined && { ended_at: new Date(to).toISOString() }),
    marks: [],
    ...rest,
  };
};

const intervals = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: 300 })), { maxLength: 60, size: "max" })
  .map((all) => all.map(([from, length]) => ({ from, to: from + length })).toSorted((a, b) => a.from - b.from));

describe("rows", () => {
  test("no two intervals of a row overlap, and there are no more rows than intervals at one time", () => {
    fc.assert(
      fc.property(intervals, (all) => {
        const rows = packRows(all);
        const packed = all.map((each, index) => ({ ...each, row: rows[index] ?? -1 }));
        for (const [index, one] of packed.entries()) {
          for (const other of packed.slice(index + 1)) {
            expect(one.row === other.row && one.from < other.to && other.from < one.to).toBe(false);
          }
        }
        const most = Math.max(
          0,
          ...all.map(({ from }) => all.filter((each) => each.from <= from && each.to > from).length),
        );
        expect(Math.max(0, ...rows.map((row) => row + 1))).toBe(most);
      }),
      runs(),
    );
  });

  test("bars of any times do not overlap, also those that are too short to be seen", () => {
    const times = fc.array(fc.tuple(fc.integer({ min: 0, max: 1e7 }), fc.option(fc.integer({ min: 0, max: 1e6 }))), {
      maxLength: 40,
      size: "max",
    });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 1e6 }), (all, msPerPixel) => {
        const given = all.map(([from, length], index) =>
          run({
            from,
            id: `codex-${index}`,
            ...(length !== null && { to: from + length }),
            repository: `/code/${index % 3}`,
          }),
        );
        const { runs: placed, lanes, height } = layOut(given, "repository", msPerPixel);
        expect(placed.length).toBe(given.length);
        expect(lanes.reduce((sum, lane) => sum + lane.height, 0)).toBe(height);
        const boxes = placed.map(({ from, to, top }) => {
          const left = from / msPerPixel;
          return { left, right: Math.max(left + MIN_BAR_WIDTH, (to ?? 1e9) / msPerPixel), top };
        });
        for (const [index, one] of boxes.entries()) {
          for (const other of boxes.slice(index + 1)) {
            const isAcross = Math.abs(one.top - other.top) < BAR_HEIGHT;
            expect(isAcross && one.left < other.right - 1e-6 && other.left < one.right - 1e-6).toBe(false);
          }
        }
      }),
      runs(2),
    );
  });
});

describe("lanes", () => {
  const given = [
    run({ from: NOW - 3 * HOUR, to: NOW - 2 * HOUR, repository: "/a/shop", work: "implement-x", host: "far" }),
    run({ from: NOW - HOUR, repository: "/a/shop", work: "implement-x" }),
    run({ from: NOW - HOUR, repository: "/b/shop", work: "implement-x" }),
  ];

  test("by repository they have the shortest names that tell them apart; versions are joined within them", () => {
    const { lanes, links } = layOut(given, "repository", 1000);
    expect(lanes.map(({ name, count }) => [name, count])).toEqual([
      ["a/shop", 2],
      ["b/shop", 1],
    ]);
    expect(links.map(({ before, after }) => [before.run, after.run])).toEqual([[given[0], given[1]]] as never);
  });

  test("by host, versions of different repositories are not joined", () => {
    const { lanes, links } = layOut(given, "host", 1000);
    expect(lanes.map(({ name }) => name)).toEqual(["far", "here"]);
    expect(links).toEqual([]);
  });

  test("a filter finds titles, topics, repositories and hosts in any case", () => {
    expect(filterRuns(given, "FAR").length).toBe(1);
    expect(filterRuns(given, " /b/ ").length).toBe(1);
    expect(filterRuns(given, "a task").length).toBe(3);
    expect(filterRuns(given, "").length).toBe(3);
  });
});

const views: fc.Arbitrary<TimeView> = fc.record({
  span: fc.integer({ min: 60_000, max: 366 * 24 * HOUR }),
  end: fc.option(fc.integer({ min: NOW - 1e11, max: NOW }), { nil: undefined }),
});

describe("the time that is shown", () => {
  test("an address gives back the view, to a second", () => {
    fc.assert(
      fc.property(views, (view) => {
        const { span, end } = formatView(view);
        const again = parseView(span, end ?? null);
        expect(Math.abs(again.span - view.span)).toBeLessThanOrEqual(500);
        expect(again.end).toBe(view.end);
      }),
      runs(),
    );
  });

  test("any text in the address is some view", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (span, end) => {
        const view = parseView(span, end);
        expect(view.span).toBeGreaterThanOrEqual(60_000);
        expect(Number.isNaN(view.end)).toBe(false);
      }),
      runs(),
    );
    expect(parseView(null, null)).toEqual({ span: 24 * HOUR, end: undefined });
  });

  test("zooming keeps the time below the pointer, unless that would show the future", () => {
    fc.assert(
      fc.property(
        views,
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (view, factor, anchor) => {
          const before = edgesOf(view, NOW);
          const after = zoomView(view, factor, NOW, anchor);
          const { from, to } = edgesOf(after, NOW);
          expect(to).toBeLessThanOrEqual(NOW + after.span * 0.02 + 1);
          if (after.end === undefined) return;
          expect(Math.abs(from + anchor * (to - from) - (before.from + anchor * view.span))).toBeLessThan(1);
        },
      ),
      runs(),
    );
  });

  test("moving back and forth ends where it began; the current time is the last", () => {
    const view = { span: HOUR, end: NOW - 10 * HOUR };
    expect(panView(panView(view, -0.5, NOW), 0.5, NOW)).toEqual(view);
    expect(panView(view, 100, NOW)).toEqual({ span: HOUR, end: undefined });
  });

  test("ticks are in order, between the edges, and no more than asked for; days begin at midnight", () => {
    fc.assert(
      fc.property(views, fc.integer({ min: 2, max: 30 }), (view, count) => {
        const { from, to } = edgesOf(view, NOW);
        const ticks = ticksBetween(from, to, count);
        const times = ticks.map(({ time }) => time);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(times.every((time) => time >= from && time <= to)).toBe(true);
        expect(new Set(times).size).toBe(times.length);
        // Each day begins a new count, and months end within a step.
        expect(ticks.length).toBeLessThanOrEqual(count * 2 + 2);
        for (const { time, isDay } of ticks) expect(new Date(time).getHours() === 0 || !isDay).toBe(true);
      }),
      runs(),
    );
  });
});

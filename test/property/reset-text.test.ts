// Times in messages of Codex: whatever it writes of a time is read back, and nothing else is taken for one.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { findReset } from "#codex/quota/find-reset.ts";
import { parseResetText } from "#codex/quota/reset-text.ts";
import { runs } from "../support/property.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Times of the next years, in milliseconds since 1970. */
const times = fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2036, 0) });

/** Writes a reset as Codex 0.169 does: to the minute, with the date if it is another day. */
function write(reset: number, now: number): string {
  const date = new Date(reset);
  const hour = date.getHours() % 12 || 12;
  const clock = `${hour}:${String(date.getMinutes()).padStart(2, "0")} ${date.getHours() < 12 ? "AM" : "PM"}`;
  const isToday = date.toDateString() === new Date(now).toDateString();
  const day = date.getDate();
  const ending =
    day % 10 === 1 && day !== 11
      ? "st"
      : day % 10 === 2 && day !== 12
        ? "nd"
        : day % 10 === 3 && day !== 13
          ? "rd"
          : "th";
  const dated = `${MONTHS[date.getMonth()]} ${day}${ending}, ${date.getFullYear()} ${clock}`;
  const when = isToday ? clock : dated;
  return `You\u2019ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro) or try again at ${when}.`;
}

/** Returns whether the text of a time means two: the clock was set back, or the day begins or ends. */
const isAmbiguous = (time: number, now: number) =>
  (time - now > DAY_MS - 20 * MINUTE_MS && time - now < DAY_MS) ||
  [-1, 1].some(
    (sign) => new Date(time + sign * 3 * 60 * MINUTE_MS).getTimezoneOffset() !== new Date(time).getTimezoneOffset(),
  );

test("a reset that Codex writes is within the minute that is read, however late within the day it is read", () => {
  const waits = fc.integer({ min: 0, max: 30 * DAY_MS });
  const delays = fc.integer({ min: 0, max: 20 * 60 * MINUTE_MS });
  fc.assert(
    fc.property(times, waits, delays, (now, wait, delay) => {
      const reset = now + wait;
      fc.pre(!isAmbiguous(reset, now));
      const isDated = new Date(reset).toDateString() !== new Date(now).toDateString();
      // A time without a date is that of the day, also shortly after midnight.
      const isSameDay = new Date(now + delay).toDateString() === new Date(now).toDateString();
      const readAt = isDated || isSameDay ? now + delay : now;
      const span = parseResetText(write(reset, now), readAt);
      expect(span).toBeDefined();
      expect(span?.from).toBeLessThanOrEqual(reset);
      expect(span?.to).toBeGreaterThan(reset);
      expect((span?.to ?? 0) - (span?.from ?? 0)).toBe(MINUTE_MS);
    }),
    runs(),
  );
});

test("a time of yesterday that is read after midnight is yesterday's", () => {
  const midnight = new Date(2026, 5, 2).getTime();
  const span = parseResetText(write(midnight - 30_000, midnight - 40_000), midnight + 1000);
  expect(span).toEqual({ from: midnight - MINUTE_MS, to: midnight });
});

test("what Codex reported exactly is used if it is in the minute of the text, and only then", () => {
  fc.assert(
    fc.property(
      times,
      fc.integer({ min: 0, max: DAY_MS }),
      fc.integer({ min: -DAY_MS, max: DAY_MS }),
      (now, wait, shift) => {
        const reset = now + wait;
        fc.pre(!isAmbiguous(reset, now));
        const at = new Date(now).toISOString();
        const exact = { at, secondary: { used_percent: 40, resets_at: new Date(reset).toISOString() } };
        expect(findReset(write(reset, now), exact, now)).toBe(reset);
        const other = reset + (shift < 0 ? shift - MINUTE_MS : shift + MINUTE_MS);
        const wrong = { at, primary: { used_percent: 100, resets_at: new Date(other).toISOString() } };
        expect(findReset(write(reset, now), wrong, now)).toBe(Math.floor(reset / MINUTE_MS) * MINUTE_MS + MINUTE_MS);
      },
    ),
    runs(),
  );
});

const NOW = new Date(2026, 10, 27, 15, 0, 20).getTime();

test.each<[text: string, fromMs: number, toMs: number]>([
  ["try again in 2 days 3 hours 5 minutes", 51 * 60 * MINUTE_MS + 5 * MINUTE_MS, 51 * 60 * MINUTE_MS + 6 * MINUTE_MS],
  ["Please try again in 3s. Visit https://platform.openai.com", 3000, 3000],
  ["Please try again in 28ms.", 28, 28],
  ["Please try again in 1.898s", 1898, 1898],
  ["Please try again in 6m0s", 6 * MINUTE_MS, 6 * MINUTE_MS],
  ["Please try again in 1h2m3s.", 62 * MINUTE_MS + 3000, 62 * MINUTE_MS + 3000],
  ["try again in 35 seconds", 35_000, 35_000],
  ["Try again in 1 day, 2 hours and 1 minute.", 26 * 60 * MINUTE_MS + MINUTE_MS, 26 * 60 * MINUTE_MS + 2 * MINUTE_MS],
  ["try again in less than a minute", 0, MINUTE_MS],
  ["try again at 3:45 PM.", 44 * MINUTE_MS + 40_000, 45 * MINUTE_MS + 40_000],
  ["try again at 15:45.", 44 * MINUTE_MS + 40_000, 45 * MINUTE_MS + 40_000],
  ["try again at 9:00 AM.", -6 * 60 * MINUTE_MS - 20_000, -6 * 60 * MINUTE_MS + 40_000],
])("%s", (text, fromMs, toMs) => {
  expect(parseResetText(`Rate limit reached. ${text}`, NOW)).toEqual({ from: NOW + fromMs, to: NOW + toMs });
});

test.each([
  "try again later.",
  "try again at 13:00 PM",
  "try again at 0:30 AM",
  "try again at 25:00",
  "try again at 11:75 PM",
  "try again at Foo 28th, 2026 6:43 AM",
  "try again at Nov 28th, 99999 6:43 AM",
  "try again in 999999999 days",
  "try again in",
  "in 3 seconds",
  "retry at 3:45 PM",
  "",
])("no time: %s", (text) => {
  expect(parseResetText(text, NOW)).toBeUndefined();
});

test("no text makes it throw, or name a time that is far away", () => {
  const words = fc.constantFrom(
    "try again",
    " at ",
    " in ",
    "3",
    ":",
    "45",
    " PM",
    "days ",
    "m",
    "s",
    "Nov ",
    "28th",
    ", 2026 ",
    "9".repeat(400),
    "\n",
    ".",
  );
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(words, { maxLength: 40 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(texts, times, (text, now) => {
      const span = parseResetText(text, now);
      if (span === undefined) return;
      expect(span.to).toBeGreaterThanOrEqual(span.from);
      expect(span.to - now).toBeLessThanOrEqual(400 * DAY_MS);
      expect(Number.isFinite(span.from)).toBe(true);
    }),
    runs(),
  );
});

test("a long text is read in bounded time", () => {
  const long = "try again in ".repeat(200_000) + "1 ".repeat(100_000);
  expect(parseResetText(long, NOW)).toBeUndefined();
});

test("only the failures of limits have a reset", () => {
  const limits = {
    at: new Date(NOW).toISOString(),
    primary: { used_percent: 100, resets_at: new Date(NOW + 5000).toISOString() },
  };
  expect(findReset("stream closed before completion; try again in 3s", limits, NOW)).toBeUndefined();
  expect(findReset("Quota exceeded. Check your plan and billing details.", limits, NOW)).toBeUndefined();
  expect(findReset("You\u2019ve hit your usage limit. Try again later.", limits, NOW)).toBe(NOW + 5000);
  expect(
    findReset(
      "You\u2019ve hit your usage limit. Try again later.",
      { at: limits.at, primary: { used_percent: 80, resets_at: limits.primary.resets_at } },
      NOW,
    ),
  ).toBeUndefined();
});

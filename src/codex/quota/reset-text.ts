/** Span of time within which a limit is reset, in milliseconds since 1970. */
export interface ResetSpan {
  from: number;
  /** Time by which it is certainly reset. */
  to: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Time of day that is so close to a day away was that of yesterday, in milliseconds. */
const MIDNIGHT_TOLERANCE_MS = 20 * MINUTE_MS;
/** Latest time that is believed, from now. */
const MAX_WAIT_MS = 400 * DAY_MS;
/** Part of a message that is searched, in characters. */
const MAX_TEXT = 10_000;
/** Maximum number of units in a duration, such as `2 days 3 hours 5 minutes`. */
const MAX_UNITS = 6;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const BEGINNING = /\btry again (at|in)\s+/gi;
const CLOCK = String.raw`(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s?([ap])\.?m\b)?`;
const TIME = new RegExp(CLOCK, "iy");
const DATE_AND_TIME = new RegExp(
  String.raw`([a-z]{3})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4}),? (?:at )?${CLOCK}`,
  "iy",
);
const UNIT =
  /(\d{1,9}(?:\.\d{1,6})?)\s?(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])[\s,]*(?:and\s+)?/iy;
const LESS_THAN_A_MINUTE = /less than (?:a|one|1) minute/iy;

/**
 * Parses the time at which a limit is reset from a message of Codex: `try again at 11:43 PM`, `at Nov 28th, 2026 6:43 AM`, `in 2 days 3
 * hours`, `in 6m0s`. Times are those of this machine's time zone, as Codex writes them, without their seconds.
 * @param now time at which the message was written, in milliseconds since 1970
 * @returns undefined if the message names no time
 */
export function parseResetText(message: string, now: number): ResetSpan | undefined {
  const text = message.slice(0, MAX_TEXT);
  for (const { 0: beginning, 1: word, index } of text.matchAll(BEGINNING)) {
    const at = index + beginning.length;
    const span = word?.toLowerCase() === "at" ? parseTime(text, at, now) : parseDuration(text, at, now);
    if (span !== undefined && span.to - now <= MAX_WAIT_MS) return span;
  }
  return undefined;
}

function parseTime(text: string, at: number, now: number): ResetSpan | undefined {
  const dated = matchAt(DATE_AND_TIME, text, at);
  if (dated !== undefined) {
    const [, month = "", day = "", year = "", ...clock] = dated;
    const monthIndex = MONTHS.indexOf(month.toLowerCase());
    return monthIndex === -1 ? undefined : toSpan(Number(year), monthIndex, Number(day), clock);
  }
  const clock = matchAt(TIME, text, at)?.slice(1);
  if (clock === undefined) return undefined;
  const today = new Date(now);
  const span = toSpan(today.getFullYear(), today.getMonth(), today.getDate(), clock);
  // Codex leaves the date out if it is today's; midnight may have just passed.
  const isYesterdays = span !== undefined && span.from - now > DAY_MS - MIDNIGHT_TOLERANCE_MS;
  if (!isYesterdays) return span;
  return toSpan(today.getFullYear(), today.getMonth(), today.getDate() - 1, clock);
}

function toSpan(
  year: number,
  month: number,
  day: number,
  clock: readonly (string | undefined)[],
): ResetSpan | undefined {
  const [hourText = "", minuteText = "", secondText, half] = clock;
  const [hour, minute, second] = [Number(hourText), Number(minuteText), Number(secondText ?? 0)];
  if (half !== undefined && (hour < 1 || hour > 12)) return undefined;
  const hours = half === undefined ? hour : (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0);
  if (hours > 23 || minute > 59 || second > 59 || day > 31) return undefined;
  const from = new Date(year, month, day, hours, minute, second).getTime();
  return Number.isNaN(from) ? undefined : { from, to: from + (secondText === undefined ? MINUTE_MS : 1000) };
}

function parseDuration(text: string, at: number, now: number): ResetSpan | undefined {
  if (matchAt(LESS_THAN_A_MINUTE, text, at) !== undefined) return { from: now, to: now + MINUTE_MS };
  let total: number | undefined;
  let smallest = Number.POSITIVE_INFINITY;
  let position = at;
  for (let count = 0; count < MAX_UNITS; count++) {
    const [whole = "", number, unit] = matchAt(UNIT, text, position) ?? [];
    if (number === undefined || unit === undefined) break;
    const length = lengthOf(unit.toLowerCase());
    total = (total ?? 0) + Number(number) * length;
    smallest = Math.min(smallest, length);
    position += whole.length;
  }
  if (total === undefined) return undefined;
  const from = now + Math.ceil(total);
  // Longer units are rounded down.
  return { from, to: smallest < MINUTE_MS ? from : from + MINUTE_MS };
}

function lengthOf(unit: string): number {
  if (unit.startsWith("ms") || unit.startsWith("milli")) return 1;
  switch (unit[0]) {
    case "s":
      return 1000;
    case "m":
      return MINUTE_MS;
    case "h":
      return HOUR_MS;
    default:
      return DAY_MS;
  }
}

/** Returns the match of a sticky pattern at a position. */
function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text) ?? undefined;
}

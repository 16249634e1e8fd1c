import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import { respondJson } from "#board/server/respond.ts";
import type { Route } from "#board/server/route.ts";
import { readTimeline } from "./read-timeline.ts";
import { readUsage } from "./read-usage.ts";

/** Length of the timeline by default, in milliseconds. */
const DEFAULT_SPAN_MS = 24 * 3_600_000;
/** Days of usage by default, and at most: tokens are kept for not much longer. */
const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;

const TimeSchema = v.pipe(
  v.string(),
  v.transform((text) => new Date(text)),
  v.check((time) => !Number.isNaN(time.getTime())),
);
const TimelineQuery = v.object({ from: v.optional(TimeSchema), to: v.optional(TimeSchema) });
const UsageQuery = v.object({
  days: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number), v.minValue(1), v.maxValue(MAX_DAYS)),
    String(DEFAULT_DAYS),
  ),
});

/** Routes of the timeline and of the usage. */
export const USAGE_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/timeline",
    kind: "data",
    handle: async (context, { url }) => respondJson(await readTimeline(context, readPeriod(url))),
  },
  {
    method: "GET",
    path: "/api/usage",
    kind: "data",
    handle: async ({ app }, { url }) => {
      const query = v.safeParse(UsageQuery, Object.fromEntries(url.searchParams));
      if (!query.success) throw invalid("days", `The number of days is between 1 and ${MAX_DAYS}.`);
      return respondJson(await readUsage(app, query.output.days));
    },
  },
];

function readPeriod(url: URL): { from: string; to: string } {
  const query = v.safeParse(TimelineQuery, Object.fromEntries(url.searchParams));
  if (!query.success) throw invalid("times", "Give from and to as ISO 8601 times.");
  const to = query.output.to ?? new Date();
  const from = query.output.from ?? new Date(Math.max(to.getTime() - DEFAULT_SPAN_MS, -MAX_TIME_MS));
  if (from > to) throw invalid("times", "Give a time from that is before the time to.");
  return { from: from.toISOString(), to: to.toISOString() };
}

/** Largest distance of a date from 1970, in milliseconds. */
const MAX_TIME_MS = 8.64e15;

function invalid(name: string, hint: string): AppError {
  return new AppError("invalid_argument", `The ${name} in the address cannot be read.`, hint);
}

import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import { readQuery, wholeNumber } from "#board/server/read-request.ts";
import { respondJson } from "#board/server/respond.ts";
import type { BoardRequest, Route } from "#board/server/route.ts";
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
  v.check((time) => !Number.isNaN(time.getTime()), "is not a time in the format of ISO 8601"),
);
const TimelineQuery = v.object({ from: v.optional(TimeSchema), to: v.optional(TimeSchema) });
const UsageQuery = v.object({
  days: v.optional(wholeNumber(1, MAX_DAYS), String(DEFAULT_DAYS)),
});

/** Routes of the timeline and of the usage. */
export const USAGE_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/timeline",
    kind: "data",
    handle: async (context, request) => respondJson(await readTimeline(context, readPeriod(request))),
  },
  {
    method: "GET",
    path: "/api/usage",
    kind: "data",
    handle: async ({ app }, request) => respondJson(await readUsage(app, readQuery(UsageQuery, request).days)),
  },
];

function readPeriod(request: BoardRequest): { from: string; to: string } {
  const query = readQuery(TimelineQuery, request);
  const to = query.to ?? new Date();
  const from = query.from ?? new Date(Math.max(to.getTime() - DEFAULT_SPAN_MS, -MAX_TIME_MS));
  if (from > to) {
    throw new AppError("invalid_argument", "The timeline ends before it begins.", "Swap the times from and to.");
  }
  return { from: from.toISOString(), to: to.toISOString() };
}

/** Largest distance of a date from 1970, in milliseconds. */
const MAX_TIME_MS = 8.64e15;

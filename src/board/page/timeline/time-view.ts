/** Part of time that the timeline shows. */
export interface TimeView {
  /** Length in milliseconds. */
  span: number;
  /** End; undefined if it moves with the clock. */
  end: number | undefined;
}

const HOUR_MS = 3_600_000;

/** Lengths that buttons offer, with the names by which the address has them. */
export const SPANS = [
  { id: "1h", name: "1 hour", span: HOUR_MS },
  { id: "6h", name: "6 hours", span: 6 * HOUR_MS },
  { id: "1d", name: "Day", span: 24 * HOUR_MS },
  { id: "7d", name: "Week", span: 7 * 24 * HOUR_MS },
] as const;

const MIN_SPAN_MS = 60_000;
const MAX_SPAN_MS = 366 * 24 * HOUR_MS;

/** Part of the span that is left free after the current time. */
const FUTURE = 0.02;

/** Returns the first and the last moment that are shown. */
export function edgesOf({ span, end }: TimeView, now: number): { from: number; to: number } {
  const to = end ?? now + span * FUTURE;
  return { from: to - span, to };
}

/**
 * Returns the view of a longer or shorter time.
 * @param factor below 1 to see less time
 * @param anchor place that stays where it is, from 0 at the left to 1 at the right; undefined: the current time if that is shown, else the middle
 */
export function zoomView(view: TimeView, factor: number, now: number, anchor?: number): TimeView {
  const span = Math.min(MAX_SPAN_MS, Math.max(MIN_SPAN_MS, view.span * factor));
  if (anchor === undefined && view.end === undefined) return { span, end: undefined };
  const place = anchor ?? 0.5;
  const { from } = edgesOf(view, now);
  return endAtNow({ span, end: from + place * view.span + (1 - place) * span }, now);
}

/** Returns the view of an earlier or later time. @param part part of the span by which it moves; negative for earlier */
export function panView(view: TimeView, part: number, now: number): TimeView {
  return endAtNow({ span: view.span, end: edgesOf(view, now).to + part * view.span }, now);
}

/** Returns a view that moves with the clock in place of one that ends after the current time. */
function endAtNow({ span, end }: { span: number; end: number }, now: number): TimeView {
  return { span, end: end >= now + span * FUTURE ? undefined : end };
}

/** Returns the view as the address has it. */
export function formatView({ span, end }: TimeView): { span: string; end: string | undefined } {
  const named = SPANS.find((each) => each.span === span)?.id;
  return {
    span: named ?? `${Math.round(span / 1000)}s`,
    end: end === undefined ? undefined : new Date(end).toISOString(),
  };
}

/** Returns the view that an address has; a day until now if it has none, or one that cannot be read. */
export function parseView(span: string | null, end: string | null): TimeView {
  const [, seconds] = /^(\d{1,9})s$/.exec(span ?? "") ?? [];
  const length =
    SPANS.find(({ id }) => id === span)?.span ?? (seconds === undefined ? 24 * HOUR_MS : Number(seconds) * 1000);
  const time = end === null ? Number.NaN : Date.parse(end);
  return {
    span: Math.min(MAX_SPAN_MS, Math.max(MIN_SPAN_MS, length)),
    end: Number.isNaN(time) ? undefined : time,
  };
}

/** Mark on the axis of time. */
export interface Tick {
  time: number;
  label: string;
  /** Whether a day begins. */
  isDay: boolean;
}

const MINUTE = 60_000;
/** Distances of ticks within a day, in milliseconds. */
const STEPS = [
  10_000,
  30_000,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
];
/** Distances of ticks in days. */
const DAY_STEPS = [1, 2, 7, 14, 28, 56, 112];

/** Returns the ticks between two times by the local calendar. @param count largest number of them */
export function ticksBetween(from: number, to: number, count: number): Tick[] {
  const step = STEPS.find((each) => (to - from) / each <= count);
  const days = DAY_STEPS.find((each) => (to - from) / (each * 24 * HOUR_MS) <= count) ?? DAY_STEPS.at(-1) ?? 1;
  const ticks: Tick[] = [];
  const day = new Date(from);
  day.setHours(0, 0, 0, 0);
  // By the calendar, so that days of 23 and 25 hours have their beginning at midnight.
  if (step === undefined) day.setDate(day.getDate() - (Math.floor(day.getTime() / (24 * HOUR_MS)) % days));
  for (; day.getTime() <= to; day.setDate(day.getDate() + (step === undefined ? days : 1))) {
    const start = day.getTime();
    if (start >= from) ticks.push({ time: start, label: formatDay(day), isDay: true });
    if (step === undefined) continue;
    const next = new Date(start);
    next.setDate(next.getDate() + 1);
    const first = start + Math.max(step, Math.floor((from - start) / step) * step);
    for (let time = first; time < Math.min(next.getTime(), to + 1); time += step) {
      if (time >= from) ticks.push({ time, label: formatClock(new Date(time), step < MINUTE), isDay: false });
    }
  }
  return ticks;
}

const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });

function formatDay(day: Date): string {
  return dayFormat.format(day);
}

function formatClock(time: Date, hasSeconds: boolean): string {
  const parts = [time.getHours(), time.getMinutes(), ...(hasSeconds ? [time.getSeconds()] : [])];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

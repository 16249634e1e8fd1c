import { uptime } from "node:os";
import { bootId } from "./host.ts";
import { readRunningClockMs } from "./libc.ts";

/** Returns the current time, ISO 8601 in UTC with milliseconds. */
export function now(): string {
  return new Date().toISOString();
}

/** Returns the day of the local calendar, as `YYYY-MM-DD`. */
export function localDay(date: Date = new Date()): string {
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${String(date.getFullYear()).padStart(4, "0")}-${month}-${day}`;
}

/** Returns the time of day in this machine's time zone, as `HH:MM`. */
export function localTimeOfDay(date: Date): string {
  return [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** Returns the seconds from `start` to `end` (default: now), to a tenth; 0 if a time is invalid. */
export function secondsBetween(start: string, end: string = now()): number {
  return toSeconds(Date.parse(end) - Date.parse(start));
}

/** Reading of a clock that cannot be set and that stops while the machine sleeps. */
export interface ClockStamp {
  /** Id of the boot: stamps of different boots cannot be compared. */
  boot: string;
  /** Milliseconds that the machine has run since that boot. */
  ran_ms: number;
}

/** Returns the current reading of that clock. */
export function clockStamp(): ClockStamp {
  return { boot: bootId(), ran_ms: machineRanMs() };
}

/** Returns the milliseconds that the machine has run since `stamp`; undefined if it has been rebooted since, or is another machine. */
export function ranMsSince(stamp: ClockStamp): number | undefined {
  return stamp.boot === bootId() ? Math.max(0, machineRanMs() - stamp.ran_ms) : undefined;
}

/**
 * Returns the seconds since a moment recorded by both clocks, to a tenth. It counts the time in which the machine ran, if known, so neither
 * setting the clock nor sleep changes the result.
 */
export function secondsSince(start: string, stamp: ClockStamp | undefined): number {
  const ranMs = stamp === undefined ? undefined : ranMsSince(stamp);
  return ranMs === undefined ? secondsBetween(start) : toSeconds(ranMs);
}

function toSeconds(milliseconds: number): number {
  const seconds = milliseconds / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.round(seconds * 10) / 10) : 0;
}

function machineRanMs(): number {
  // Windows offers no such clock that FFI reaches easily, so sleep counts there.
  return readRunningClockMs() ?? uptime() * 1000;
}

import { dlopen, FFIType, ptr } from "bun:ffi";
import { uptime } from "node:os";
import { bootId } from "./host.ts";
import { LIBC } from "./libc.ts";

/** Returns the current time, ISO 8601 in UTC with milliseconds. */
export function now(): string {
  return new Date().toISOString();
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

/** Id of the clock: CLOCK_MONOTONIC stops during sleep on Linux; on macOS CLOCK_UPTIME_RAW does. */
const CLOCK_ID = process.platform === "darwin" ? 8 : 1;

let readClock: (() => number) | undefined;

function machineRanMs(): number {
  readClock ??= openClock();
  return readClock();
}

function openClock(): () => number {
  // Windows offers no such clock that FFI reaches easily: sleep counts there.
  if (process.platform === "win32") return () => uptime() * 1000;
  const { clock_gettime } = dlopen(LIBC, {
    clock_gettime: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
  }).symbols;
  const time = new BigInt64Array(2);
  return () => {
    clock_gettime(CLOCK_ID, ptr(time));
    return Number(time[0] ?? 0n) * 1000 + Number(time[1] ?? 0n) / 1e6;
  };
}

import { dlopen, FFIType, ptr } from "bun:ffi";
import { uptime } from "node:os";
import { bootId } from "./host.ts";
import { LIBC } from "./libc.ts";

/** Returns the present moment, ISO 8601 in UTC with milliseconds. */
export function now(): string {
  return new Date().toISOString();
}

/** Seconds from `start` to `end` (default: now), to a tenth; 0 where a time cannot be read. */
export function secondsBetween(start: string, end: string = now()): number {
  return toSeconds(Date.parse(end) - Date.parse(start));
}

/** A moment of a clock that nobody can set, which stands still while the machine sleeps. */
export interface ClockStamp {
  /** The boot that it belongs to: stamps of different boots cannot be compared. */
  boot: string;
  /** Milliseconds for which the machine has run since then. */
  ran_ms: number;
}

/** Returns the present moment of that clock. */
export function clockStamp(): ClockStamp {
  return { boot: bootId(), ran_ms: machineRanMs() };
}

/** Milliseconds for which the machine has run since `stamp`; undefined where it was started anew since, or is another one. */
export function ranMsSince(stamp: ClockStamp): number | undefined {
  return stamp.boot === bootId() ? Math.max(0, machineRanMs() - stamp.ran_ms) : undefined;
}

/**
 * Seconds since something that was noted by both clocks, to a tenth: time in which the machine ran, where that can be
 * told, so that a clock that is set or a machine that sleeps changes nothing.
 */
export function secondsSince(start: string, stamp: ClockStamp | undefined): number {
  const ranMs = stamp === undefined ? undefined : ranMsSince(stamp);
  return ranMs === undefined ? secondsBetween(start) : toSeconds(ranMs);
}

function toSeconds(milliseconds: number): number {
  const seconds = milliseconds / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.round(seconds * 10) / 10) : 0;
}

/** CLOCK_MONOTONIC stands still in sleep on Linux; on macOS that is CLOCK_UPTIME_RAW. */
const CLOCK_ID = process.platform === "darwin" ? 8 : 1;

let readClock: (() => number) | undefined;

function machineRanMs(): number {
  readClock ??= openClock();
  return readClock();
}

function openClock(): () => number {
  // Nothing of the kind on Windows that FFI reaches without more ado: there, sleep counts.
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

import * as v from "valibot";
import { type ClockStamp, clockStamp, now, ranMsSince } from "#platform/clock.ts";
import { logger } from "#base/log.ts";
import { prepareFile } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import type { TaskPaths } from "#store/store-paths.ts";

/** Heartbeat of a supervisor. */
export interface Heartbeat {
  at: string;
  clock: ClockStamp;
  /** Milliseconds of the run that count towards its limits so far. */
  counted_ms: number;
}

/** Interval between a supervisor's heartbeats, in milliseconds. */
export const HEARTBEAT_MS = 5000;

const HeartbeatSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    at: v.string(),
    clock: v.object({ boot: v.string(), ran_ms: v.number() }),
    counted_ms: v.number(),
  }),
);

/** Writes a heartbeat; skips it if the disk is full. */
export function writeHeartbeat({ heartbeat }: Pick<TaskPaths, "heartbeat">, countedMs: number): void {
  const beat: Heartbeat = { at: now(), clock: clockStamp(), counted_ms: Math.round(countedMs) };
  try {
    prepareFile(heartbeat, JSON.stringify(beat)).publish();
  } catch (error) {
    logger("store").debug`${heartbeat} was not written: ${String(error)}`;
  }
}

/** Returns the last heartbeat; undefined if there is none. */
export function readHeartbeat({ heartbeat }: Pick<TaskPaths, "heartbeat">): Heartbeat | undefined {
  const parsed = v.safeParse(HeartbeatSchema, tryReadText(heartbeat, { maxBytes: 4096 }));
  return parsed.success ? parsed.output : undefined;
}

/** Returns the seconds since a heartbeat; undefined if it was written on another machine, whose clock may differ. */
export function secondsSinceHeartbeat({ clock }: Heartbeat): number | undefined {
  const ranMs = ranMsSince(clock);
  return ranMs === undefined ? undefined : ranMs / 1000;
}

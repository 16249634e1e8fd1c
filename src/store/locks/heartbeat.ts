import * as v from "valibot";
import { type ClockStamp, clockStamp, now, ranMsSince } from "#platform/clock.ts";
import { logger } from "#base/log.ts";
import { prepareFile } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import type { TaskPaths } from "#store/store-paths.ts";

/** A supervisor's sign of life. */
export interface Heartbeat {
  at: string;
  clock: ClockStamp;
  /** Milliseconds of the run that count for its limits so far. */
  counted_ms: number;
}

/** How often a supervisor gives one. */
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

/** Writes a sign of life; on a full disk it is left out. */
export function writeHeartbeat({ heartbeat }: Pick<TaskPaths, "heartbeat">, countedMs: number): void {
  const sign: Heartbeat = { at: now(), clock: clockStamp(), counted_ms: Math.round(countedMs) };
  try {
    prepareFile(heartbeat, JSON.stringify(sign)).publish();
  } catch (error) {
    logger("store").debug`no sign of life in ${heartbeat}: ${String(error)}`;
  }
}

/** Returns the last sign of life; undefined where there is none. */
export function readHeartbeat({ heartbeat }: Pick<TaskPaths, "heartbeat">): Heartbeat | undefined {
  const parsed = v.safeParse(HeartbeatSchema, tryReadText(heartbeat, { maxBytes: 4096 }));
  return parsed.success ? parsed.output : undefined;
}

/** Seconds since a sign of life; undefined where it was given on another machine, whose clock may be another. */
export function secondsSinceSign({ clock }: Heartbeat): number | undefined {
  const ranMs = ranMsSince(clock);
  return ranMs === undefined ? undefined : ranMs / 1000;
}

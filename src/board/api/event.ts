import type { BoardChange, BoardSnapshot } from "./card.ts";

/** Interval at which the event stream says that it lives, in milliseconds. */
export const PING_INTERVAL_MS = 10_000;

/** New length of the log of the task that a stream follows. */
export interface LogGrowth {
  id: string;
  run: number;
  /** Size of the log in bytes. */
  size: number;
}

/** Events of the event stream `GET /api/events[?task=<id>]`, by name, with their data as JSON. */
export interface BoardEvents {
  snapshot: BoardSnapshot;
  change: BoardChange;
  log: LogGrowth;
  /** The server lives. */
  ping: { now: string };
  /** The server ends. */
  end: Record<string, never>;
}

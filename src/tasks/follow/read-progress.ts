import { statSync } from "node:fs";
import { describeEvent, type EventLine } from "#codex/run/describe.ts";
import { type CodexEvent, parseEvent } from "#codex/run/event.ts";
import { isReconnectMessage } from "#codex/run/run-state.ts";
import { secondsBetween } from "#platform/clock.ts";
import { type LineSlice, readLastLines, readLinesFrom } from "#platform/files/json-lines.ts";

/** How far a running task is. */
export interface Progress extends EventPage {
  log_tail: string;
  last_event_at?: string;
  /** Why nothing seems to happen. */
  stalled?: string;
}

/** Events of a run, in words. */
export interface EventPage {
  recent_events: EventLine[];
  /** Where the next call goes on, as `since_event`. */
  next_event: number;
}

const LOG_BYTES = 64 * 1024;
const MAX_EVENTS = 20;
const MAX_TAIL = 2000;
const STALL_SECONDS = 60;

/** How far a run is, from the end of its log alone, however long that is. */
export function describeProgress(logFile: string, sinceEvent: number | undefined, pageBytes?: number): Progress {
  const last = readLastLines(logFile, LOG_BYTES);
  const written = statSync(logFile, { throwIfNoEntry: false });
  const lastEventAt = written === undefined || written.size === 0 ? undefined : written.mtime.toISOString();
  const stalled = describeStall(last.lines, lastEventAt);
  return {
    ...(sinceEvent === undefined ? describeNewest(last) : readEvents(logFile, sinceEvent, pageBytes)),
    log_tail: last.lines.slice(-10).join("\n").slice(-MAX_TAIL),
    ...(lastEventAt !== undefined && { last_event_at: lastEventAt }),
    ...(stalled !== undefined && { stalled }),
  };
}

/** Asked for the present, a reader gets the newest events. */
function describeNewest({ lines, nextOffset }: LineSlice): EventPage {
  // Few lines say nothing, so a few more than wanted are looked at.
  const events = describeLines(lines.slice(-2 * MAX_EVENTS));
  return { recent_events: events.slice(-MAX_EVENTS), next_event: nextOffset };
}

/** The events after a position in the log; asked for a part, a reader gets that part whole. */
export function readEvents(logFile: string, since: number, pageBytes = LOG_BYTES): EventPage {
  const { lines, nextOffset } = readLinesFrom(logFile, since, Math.min(pageBytes, LOG_BYTES));
  return { recent_events: describeLines(lines), next_event: nextOffset };
}

/** Lines of a log in words; some say nothing. */
function describeLines(lines: string[]): EventLine[] {
  return lines.map(parseEvent).flatMap((event) => describeIfAny(event));
}

function describeIfAny(event: CodexEvent | undefined): EventLine[] {
  const described = event === undefined ? undefined : describeEvent(event);
  return described === undefined ? [] : [described];
}

function describeStall(lines: string[], lastEventAt: string | undefined): string | undefined {
  const last = parseEvent(lines.at(-1) ?? "");
  if (last?.type === "error" && isReconnectMessage(last.message)) return "waiting for network";
  const silent = lastEventAt === undefined ? 0 : secondsBetween(lastEventAt);
  return silent < STALL_SECONDS ? undefined : `no event for ${Math.round(silent)} s`;
}

/** The end of a log that holds a few events, of which one may be long. */
const ACTIVITY_BYTES = 16 * 1024;
const MAX_ACTIVITY = 160;

/** The last thing that Codex did, in one line; undefined where it has done nothing yet. */
export function readActivity(logFile: string): string | undefined {
  const last = readRecentEvents(logFile, ACTIVITY_BYTES).at(-1);
  if (last === undefined) return undefined;
  const line = (last.type === "command" ? `$ ${last.text}` : last.text).replace(/\s+/g, " ").trim();
  return line.length <= MAX_ACTIVITY ? line : `${line.slice(0, MAX_ACTIVITY - 1)}…`;
}

/** The events among the last `maxBytes` of a log. */
export function readRecentEvents(logFile: string, maxBytes: number): EventLine[] {
  return describeLines(readLastLines(logFile, maxBytes).lines);
}

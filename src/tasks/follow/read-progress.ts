import { statSync } from "node:fs";
import { takeStart } from "#base/text.ts";
import { describeEvent, type EventLine } from "#codex/run/describe.ts";
import { type CodexEvent, parseEvent } from "#codex/run/event.ts";
import { isReconnectMessage } from "#codex/run/run-state.ts";
import { secondsBetween } from "#platform/clock.ts";
import { type LineSlice, readLastLines, readLinesFrom } from "#platform/files/json-lines.ts";

/** Progress of a running task. */
export interface Progress extends EventPage {
  log_tail: string;
  last_event_at?: string;
  /** Reason why nothing seems to happen. */
  stalled?: string;
}

/** Events of a run, in words. */
export interface EventPage {
  recent_events: EventLine[];
  /** Value of `since_event` for the next call. */
  next_event: number;
}

const LOG_BYTES = 64 * 1024;
const MAX_EVENTS = 20;
const MAX_TAIL = 2000;
/** Beginning of the lines that only count tokens. */
const USAGE_LINE = '{"type":"usage.updated"';
const STALL_SECONDS = 60;

/** Returns a run's progress. Reads only the end of its log, however long the log is. */
export function describeProgress(logFile: string, sinceEvent: number | undefined, pageBytes?: number): Progress {
  const last = readLastLines(logFile, LOG_BYTES);
  const written = statSync(logFile, { throwIfNoEntry: false });
  const lastEventAt = written === undefined || written.size === 0 ? undefined : written.mtime.toISOString();
  const stalled = describeStall(last.lines, lastEventAt);
  return {
    ...(sinceEvent === undefined ? describeNewest(last) : readEvents(logFile, sinceEvent, pageBytes)),
    log_tail: last.lines
      .filter((line) => !line.startsWith(USAGE_LINE))
      .slice(-10)
      .join("\n")
      .slice(-MAX_TAIL),
    ...(lastEventAt !== undefined && { last_event_at: lastEventAt }),
    ...(stalled !== undefined && { stalled }),
  };
}

/** Returns the newest events, for a reader that gave no position. */
function describeNewest({ lines, nextOffset }: LineSlice): EventPage {
  // Few lines have no description, so it reads a few more lines than events wanted.
  const events = describeLines(lines.slice(-2 * MAX_EVENTS));
  return { recent_events: events.slice(-MAX_EVENTS), next_event: nextOffset };
}

/** Returns the events after a position in the log, without leaving out any of that part of the log. */
export function readEvents(logFile: string, since: number, pageBytes = LOG_BYTES): EventPage {
  const { lines, nextOffset } = readLinesFrom(logFile, since, Math.min(pageBytes, LOG_BYTES));
  return { recent_events: describeLines(lines), next_event: nextOffset };
}

/** Returns lines of a log in words, without those that have no description. */
function describeLines(lines: string[]): EventLine[] {
  return lines.map(parseEvent).flatMap((event) => describeIfAny(event));
}

function describeIfAny(event: CodexEvent | undefined): EventLine[] {
  const described = event === undefined ? undefined : describeEvent(event);
  return described === undefined ? [] : [described];
}

/** Returns whether the check of the work is running: its start is the last event. */
export function isCheckRunning(logFile: string): boolean {
  const last = readLastLines(logFile, ACTIVITY_BYTES).lines.at(-1);
  return last !== undefined && parseEvent(last)?.type === "check.started";
}

function describeStall(lines: string[], lastEventAt: string | undefined): string | undefined {
  const last = parseEvent(lines.at(-1) ?? "");
  // It has a time limit of its own.
  if (last?.type === "check.started") return undefined;
  if (last?.type === "error" && isReconnectMessage(last.message)) return "waiting for network";
  const silent = lastEventAt === undefined ? 0 : secondsBetween(lastEventAt);
  return silent < STALL_SECONDS ? undefined : `no event for ${Math.round(silent)} s`;
}

/** Number of bytes at the end of a log that contain a few events, one of which may be long. */
const ACTIVITY_BYTES = 16 * 1024;
const MAX_ACTIVITY = 160;

/** Describes Codex's last action in one line; undefined if there is none yet. */
export function readActivity(logFile: string): string | undefined {
  const last = readRecentEvents(logFile, ACTIVITY_BYTES).at(-1);
  if (last === undefined) return undefined;
  const line = (last.type === "command" ? `$ ${last.text}` : last.text).replace(/\s+/g, " ").trim();
  return line.length <= MAX_ACTIVITY ? line : `${takeStart(line, MAX_ACTIVITY - 1)}…`;
}

/** Returns the events in the last `maxBytes` of a log. */
export function readRecentEvents(logFile: string, maxBytes: number): EventLine[] {
  return describeLines(readLastLines(logFile, maxBytes).lines);
}

import { afterAll, beforeAll, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import type { EventLine } from "#codex/run/describe.ts";
import { parseEvent } from "#codex/run/event.ts";
import { readActions, type RunActions } from "#codex/run/run-actions.ts";
import { foldLog, RunLog } from "#codex/run/run-log.ts";
import type { RunState } from "#codex/run/run-state.ts";
import { DAEMON_PROGRAMS } from "#domain/daemon-programs.ts";
import { garbageLines, type KnownEvent, knownEvents, newEvents, wrongEvents } from "../support/event-lines.ts";
import { hasEndedWork, inFlightOf } from "../support/events-of-work.ts";
import { runs } from "../support/property.ts";

let folder: string;
let log: string;
beforeAll(() => {
  folder = mkdtempSync("/var/tmp/codexmcp-events-");
  log = join(folder, "log");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One line of a log: an event, or garbage. */
type Line = { known: KnownEvent } | { unknown: { type: string; item?: { type: string } } } | { garbage: string };

const DAEMON_EVENT: KnownEvent = {
  type: "item.completed",
  item: {
    type: "command_execution",
    id: "item_9",
    command: "systemctl start x",
    aggregated_output: "",
    exit_code: 0,
    status: "completed",
  },
};

const lines: fc.Arbitrary<Line[]> = fc
  .array(
    fc.tuple(
      fc.oneof(
        { weight: 6, arbitrary: knownEvents.map((known) => ({ known })) },
        { weight: 1, arbitrary: fc.constant({ known: DAEMON_EVENT }) },
        { weight: 1, arbitrary: newEvents.map((unknown) => ({ unknown })) },
        { weight: 2, arbitrary: garbageLines.map((garbage) => ({ garbage })) },
      ),
      fc.constantFrom(1, 1, 1, 1, 2, 60),
    ),
    { maxLength: 30, size: "max" },
  )
  .map((list) => list.flatMap(([line, times]) => Array.from({ length: times }, () => line)));

function toText(list: readonly Line[], isTorn: boolean): string {
  const texts = list.map((line) => {
    if ("garbage" in line) return line.garbage;
    return JSON.stringify("known" in line ? line.known : line.unknown);
  });
  return texts.join("\n") + (isTorn ? "" : "\n");
}

function goalOf(known: readonly KnownEvent[]): RunState["goal"] {
  const last = lastOf(known, "goal.updated");
  return last === undefined ? undefined : { status: last.status, tokens_used: last.tokens_used };
}

/** Returns what the events of a run add up to: for each fact, the last event that says it. */
function stateOf(list: readonly Line[]): RunState {
  const known = list.flatMap((line) => ("known" in line ? [line.known] : []));
  const completed = known.flatMap((event) => (event.type === "item.completed" ? [event.item] : []));
  const ran = completed.flatMap((item) => (item.type === "command_execution" ? [item] : []));
  const isFailure = (item: (typeof ran)[number]) =>
    item.exit_code !== 0 && item.aggregated_output.trimStart().startsWith("bwrap: ");
  const daemonCommands = ran.filter((item) => !isFailure(item)).map(({ command }) => command);
  const turn = known.findLastIndex(({ type }) => type.startsWith("turn."));
  return {
    ...sessionsOf(known),
    ...messagesOf(known),
    lastMessage: completed.findLast((item) => item.type === "agent_message")?.text,
    sessionUsage: known.findLast((event) => "usage" in event)?.usage,
    inFlight: inFlightOf(known),
    hasEndedWork: hasEndedWork(known),
    goal: goalOf(known),
    lastError: lastOf(known, "error")?.message,
    terminal: terminalOf(known[turn], lastOf(known.slice(0, Math.max(0, turn)), "error")?.message),
    isWaitingForNetwork: isWaiting(list),
    isInterrupted: false,
    sandboxFailures: ran.filter(isFailure).length,
    commandsRun: ran.length - ran.filter(isFailure).length,
    daemonCommands: daemonCommands.filter(isForDaemon).slice(0, 50),
    openQuestions: [],
    completedTurns: known.filter(({ type }) => type === "turn.completed").length,
    isChecking: false,
    unendedChecks: 0,
    quotaUntil: undefined,
    quota: { waits: 0, seconds: 0, pending: undefined },
  };
}

/** Returns the run's session, which is the last before its first turn, or else the first, and the last other one after that. */
function sessionsOf(list: readonly KnownEvent[]): Pick<RunState, "sessionId" | "strayedSession" | "hasTurn"> {
  const threadsIn = (part: readonly KnownEvent[]) =>
    part.flatMap((event) => (event.type === "thread.started" ? [event.thread_id] : []));
  const turn = list.findIndex(({ type }) => type === "turn.started");
  const [before, after] = turn < 0 ? [list, []] : [list.slice(0, turn), list.slice(turn)];
  const sessionId = threadsIn(before).at(-1) ?? threadsIn(after)[0];
  return { sessionId, strayedSession: threadsIn(after).findLast((id) => id !== sessionId), hasTurn: turn >= 0 };
}

/** Returns the messages that were read: those in a turn at once, and the newest prompt before a turn when the turn starts. */
function messagesOf(list: readonly KnownEvent[]): Pick<RunState, "readMessages" | "nextPrompt"> {
  const readMessages: string[] = [];
  let nextPrompt: string | undefined;
  for (const event of list) {
    const item = event.type === "item.completed" && event.item.type === "user_message" ? event.item : undefined;
    if (item?.is_prompt === true) nextPrompt = item.client_id;
    else if (item !== undefined) readMessages.push(item.client_id);
    if (event.type !== "turn.started" || nextPrompt === undefined) continue;
    readMessages.push(nextPrompt);
    nextPrompt = undefined;
  }
  return { readMessages: readMessages.slice(-1000), nextPrompt };
}

function lastOf<T extends KnownEvent["type"]>(list: readonly KnownEvent[], type: T) {
  return list.findLast((event): event is Extract<KnownEvent, { type: T }> => event.type === type);
}

function terminalOf(event: KnownEvent | undefined, lastError = ""): RunState["terminal"] {
  if (event?.type === "turn.completed") return { kind: "completed" };
  return event?.type === "turn.failed" ? { kind: "failed", message: event.error.message || lastError } : undefined;
}

function isWaiting(list: readonly Line[]): boolean {
  const events = list.flatMap((line) => ("known" in line ? [line.known] : "unknown" in line ? [line.unknown] : []));
  const last = events.findLast(({ type }) => /^(?:item\.|turn\.(?:started|completed)|error$)/.test(type));
  return last !== undefined && "message" in last && /^reconnecting\b|waiting for network/i.test(String(last.message));
}

function isForDaemon(command: string): boolean {
  const words = DAEMON_PROGRAMS.map((name) => new RegExp(`(?<!\\w)${name}(?!\\w)`));
  return command.length <= 16 * 1024 && words.some((word) => word.test(command));
}

/** Returns the actions that the last report of each item shows. Reports of one id that say different things are different actions. */
function actionsOf(list: readonly Line[]): Pick<RunActions, "commands" | "patches"> {
  const items = list.flatMap((line) => ("known" in line && "item" in line.known ? [line.known.item] : []));
  const actions = items.flatMap((item, index) => {
    if (item.type !== "command_execution" && item.type !== "file_change") return [];
    const said = item.type === "command_execution" ? item.command : item.changes.map(({ path }) => path);
    return [{ item, key: item.id === "" ? `${index}` : JSON.stringify([item.id, item.type, said]) }];
  });
  const first = actions.filter(({ key }, index) => actions.findIndex((action) => action.key === key) === index);
  const last = first.map((action) => (actions.findLast(({ key }) => key === action.key) ?? action).item);
  return {
    commands: last.flatMap((item) =>
      item.type === "command_execution"
        ? [{ command: item.command, ...(item.exit_code !== null && { exitCode: item.exit_code }) }]
        : [],
    ),
    patches: last.flatMap((item) =>
      item.type === "file_change"
        ? item.changes.map(({ path, kind }) => ({ path, change: kind, isApplied: item.status === "completed" }))
        : [],
    ),
  };
}

/** Reads a log that is written in pieces. */
function followPieces(bytes: Buffer, cuts: readonly number[]): { followed: RunLog; said: EventLine[] } {
  writeFileSync(log, "");
  const followed = new RunLog(log);
  const said: EventLine[] = [];
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  for (const [index, end] of ends.entries()) {
    appendFileSync(log, bytes.subarray(ends[index - 1] ?? 0, end));
    said.push(...followed.read());
  }
  said.push(...followed.readToEnd());
  return { followed, said };
}

function readAtOnce(): EventLine[] {
  return [...new RunLog(log).readToEnd()];
}

test("a log that is read in pieces adds up to what its events say, and is described as at once", async () => {
  const property = fc.asyncProperty(lines, fc.array(fc.nat()), fc.boolean(), async (list, cuts, isTorn) => {
    const { followed, said } = followPieces(Buffer.from(toText(list, isTorn)), cuts);
    expect(followed.state).toEqual(stateOf(list));
    expect(await foldLog(log)).toEqual(followed.state);
    expect(said).toEqual(readAtOnce());
    expect(followed.isIntact()).toBe(true);
  });
  await fc.assert(property, runs(2));
});

test("the last report of each command or patch counts, whatever its id", () => {
  const property = fc.property(lines, fc.boolean(), (list, isTorn) => {
    writeFileSync(log, toText(list, isTorn));
    const { unknown, ...actions } = readActions(log);
    expect(actions).toEqual(actionsOf(list));
    expect(unknown.length).toBeLessThanOrEqual(100);
  });
  fc.assert(property, runs(2));
});

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
  fc.array(fc.oneof(wrongEvents, garbageLines), { maxLength: 30 }).map((list) => Buffer.from(list.join("\n"))),
  fc.tuple(lines, fc.nat(), fc.uint8Array({ maxLength: 5 })).map(([list, at, insert]) => {
    const bytes = Buffer.from(toText(list, false));
    const cut = at % bytes.length;
    return Buffer.concat([bytes.subarray(0, cut), insert, bytes.subarray(cut + (at % 7))]);
  }),
);

test("bytes of any kind are read without an error, in pieces as at once, and described in short", () => {
  const property = fc.property(anyBytes, fc.array(fc.nat()), (bytes, cuts) => {
    const { followed, said } = followPieces(bytes, cuts);
    expect(said).toEqual(readAtOnce());
    expect(followed.isIntact()).toBe(true);
    for (const { text, tool_name = "" } of said) {
      expect(Math.max(text.length, tool_name.length)).toBeLessThanOrEqual(500);
      expect(`${text}${tool_name}`.isWellFormed()).toBe(true);
    }
    expect(followed.state.daemonCommands.length).toBeLessThanOrEqual(50);
    const { unknown } = readActions(log);
    expect(unknown.length).toBeLessThanOrEqual(101);
    for (const text of unknown) expect(text.length).toBeLessThanOrEqual(150);
  });
  fc.assert(property, runs());
});

test("every event that this version knows is an event again when it is written with more fields", () => {
  const property = fc.property(knownEvents, fc.dictionary(fc.string(), fc.jsonValue()), (event, more) => {
    expect(parseEvent(JSON.stringify({ ...more, ...event }))).toEqual(event);
  });
  fc.assert(property, runs());
});

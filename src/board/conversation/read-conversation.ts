import { dirname, join } from "node:path";
import { AppError } from "#base/errors.ts";
import { takeStart } from "#base/text.ts";
import type { LogEntry, LogWindow, WindowQuery } from "#board/api/conversation.ts";
import { joinEntries } from "#board/api/join-entries.ts";
import type { FileLine } from "#platform/files/line-window.ts";
import { type WindowPlace, readFilePart, readLineWindow } from "#platform/files/line-window.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import type { AppContext } from "#tasks/context.ts";
import { readEventTimes } from "#tasks/follow/event-times.ts";
import { logOfRun } from "#tasks/follow/follow-log.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { askedText, PAGE_LIMITS, readEvent, toEntry, toUnified } from "./to-entry.ts";
import { isKnownItem } from "#codex/run/event.ts";

/** Largest number of lines of a window. */
const MAX_LINES = 500;
/** Longest text that is returned for one entry, in bytes. */
const MAX_OUTPUT_BYTES = 20 * 1024 * 1024;

/**
 * Returns a part of the conversation of a task's run, by default the end of the current run.
 * @throws AppError `unknown_task`, `invalid_argument` if there is no such run
 */
export async function readConversation(context: AppContext, id: string, query: WindowQuery): Promise<LogWindow> {
  const { run, log } = findRunLog(context, id, query.run);
  const { entries, ...window } = await readLogEntries(log, toPlace(query));
  const prompt = window.start === 0 ? readPrompt(log) : undefined;
  return { run, entries: prompt === undefined ? entries : [prompt, ...entries], ...window };
}

/** Returns the run that is meant, and the path of its log. @throws AppError `unknown_task`, `invalid_argument` */
export function findRunLog(context: AppContext, id: string, run: number | undefined): { run: number; log: string } {
  const { record } = resolveTask(context, id);
  return { run: run ?? record.run, log: logOfRun(context, record, run) };
}

/** Returns the entries of a part of a log. */
export async function readLogEntries(log: string, place: WindowPlace): Promise<Omit<LogWindow, "run">> {
  const { lines, ...window } = await readLineWindow(log, place, { lines: MAX_LINES });
  const times = readEventTimes(log);
  return { entries: joinEntries(lines.flatMap((line) => toEntry(line, times(line.end)) ?? [])), ...window };
}

function toPlace({ before, after }: WindowQuery): WindowPlace {
  if (before !== undefined) return { before };
  return after === undefined ? "end" : { after };
}

/** Returns the entry of a run's prompt, whose offset is 0. */
function readPrompt(log: string): LogEntry | undefined {
  const text = tryReadText(join(dirname(log), "prompt.md"));
  if (text === undefined) return undefined;
  const isCut = text.length > PAGE_LIMITS.text;
  return {
    at: 0,
    kind: "prompt",
    text: takeStart(text, PAGE_LIMITS.text),
    ...(isCut && { is_cut: true }),
  };
}

/**
 * Returns the whole text or output of the entry whose last line ends at an offset.
 * @throws AppError `unknown_task`, `invalid_argument`, `nothing_to_read` if no line ends there
 */
export async function readEntryOutput(
  context: AppContext,
  id: string,
  { run, at }: { run?: number | undefined; at: number },
): Promise<string> {
  const { log } = findRunLog(context, id, run);
  const text = at === 0 ? tryReadText(join(dirname(log), "prompt.md")) : await readWholeText(log, at);
  if (text === undefined) {
    throw new AppError("nothing_to_read", `The log has no entry at ${at}.`, "Reload the page: the log has changed.");
  }
  return bound(text);
}

async function readWholeText(log: string, at: number): Promise<string | undefined> {
  const { lines } = await readLineWindow(log, { before: at }, { lines: 1 });
  const line = lines.at(-1);
  return line?.end === at ? toWholeText(line, log) : undefined;
}

function toWholeText({ text, start, end }: FileLine, log: string): string {
  if (text === undefined) return readFilePart(log, start, Math.min(end, start + MAX_OUTPUT_BYTES + 1));
  const event = readEvent(text);
  if (event?.type === "question") return askedText(event.question);
  if (event?.type === "check.completed") return event.output_tail;
  if (event?.type === "error") return event.message;
  if (event === undefined || !("item" in event) || !isKnownItem(event.item)) return formatJson(text);
  const { item } = event;
  switch (item.type) {
    case "command_execution":
      return item.command.length > PAGE_LIMITS.output
        ? `${item.command}\n\n${item.aggregated_output}`
        : item.aggregated_output;
    case "agent_message":
    case "reasoning":
    case "user_message":
      return item.text;
    case "error":
      return item.message;
    case "file_change":
      return item.changes.map(({ kind, path, diff }) => `${kind} ${path}\n${toUnified(diff ?? "", kind)}\n`).join("\n");
    default:
      return formatJson(text);
  }
}

function formatJson(line: string): string {
  try {
    return JSON.stringify(JSON.parse(line), undefined, 2);
  } catch {
    return line;
  }
}

function bound(text: string): string {
  if (text.length <= MAX_OUTPUT_BYTES) return text;
  return `${takeStart(text, MAX_OUTPUT_BYTES)}\n[The rest is left out: only the first 20 MB are shown.]\n`;
}

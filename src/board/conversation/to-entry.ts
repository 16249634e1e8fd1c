import { takeStart } from "#base/text.ts";
import type { LogEntry, PatchFile } from "#board/api/conversation.ts";
import { unwrapCommand } from "#codex/run/describe.ts";
import { type CodexEvent, type CodexItem, isKnownItem, parseEvent } from "#codex/run/event.ts";
import { describeQuestion, type QuestionContent } from "#domain/question.ts";
import { describeQuotaWait } from "#domain/waiting.ts";
import type { FileLine } from "#platform/files/line-window.ts";
import { formatBytes } from "#base/format-values.ts";

/** Limits of an entry's texts, in characters. */
export interface EntryLimits {
  text: number;
  output: number;
}

/** Limits of entries for the page. */
export const PAGE_LIMITS: EntryLimits = { text: 64 * 1024, output: 4096 };

const MAX_COMMAND = 8 * 1024;
const MAX_STEPS = 200;
const MAX_STEP = 1000;
const MAX_FILES = 500;
const MAX_PATH = 4096;
const MAX_NAME = 200;

/** Content of an entry that does not depend on its line. */
type Content = Omit<LogEntry, "at" | "time">;

/** Returns the entry for a line of a log; undefined if it only frames others. Never throws. */
export function toEntry(line: FileLine, time: Date | undefined, limits = PAGE_LIMITS): LogEntry | undefined {
  const content = toContent(line, limits);
  if (content === undefined) return undefined;
  return { at: line.end, ...(time !== undefined && { time: time.toISOString() }), ...content };
}

function toContent({ text, start, end }: FileLine, limits: EntryLimits): Content | undefined {
  if (text === undefined) {
    return { kind: "unread", text: `A line of ${formatBytes(end - start)} is too long.`, is_cut: true };
  }
  if (text.trim() === "") return undefined;
  const event = readEvent(text);
  if (event === undefined) return { kind: "unread", text: "A line that is not an event.", is_cut: true };
  return ofEvent(event, limits);
}

/** Parses an event. What is nested too deeply is not one. */
export function readEvent(line: string): CodexEvent | undefined {
  try {
    return parseEvent(line);
  } catch {
    return undefined;
  }
}

function ofEvent(event: CodexEvent, limits: EntryLimits): Content | undefined {
  if ("item" in event) {
    if (!isKnownItem(event.item)) return unread(`item ${event.item.type}`);
    return ofItem(event.item, event.type === "item.completed", limits);
  }
  switch (event.type) {
    case "turn.started":
    case "turn.completed":
    case "turn.interrupted":
    case "turn.failed":
      return { kind: "turn", ...toTurn(event, limits) };
    case "error":
      return { kind: "error", ...cut(event.message, limits.text) };
    case "question":
      return { kind: "question", question: event.question.id, ...cut(askedText(event.question), limits.text) };
    case "answer":
      return { ...toAnswer(event), kind: "answer", question: event.id };
    case "check.started":
    case "check.completed":
      return { ...toCheck(event, limits), kind: "check" };
    case "quota.waiting":
      return { kind: "quota", ...cut(`Codex is ${describeQuotaWait(event)}: ${event.message}`, limits.text) };
    case "quota.over":
      return { kind: "quota", text: "The wait for the quota is over." };
    case "goal.updated":
      // While it is active, only its tokens change.
      return event.status === "active" ? undefined : { kind: "goal", text: takeStart(event.status, MAX_NAME) };
    case "unknown":
      return unread(event.name);
    default:
      return undefined;
  }
}

function toTurn(
  event: Extract<CodexEvent, { type: `turn.${string}` }>,
  { text }: EntryLimits,
): Pick<LogEntry, "status" | "text" | "is_cut"> {
  switch (event.type) {
    case "turn.started":
      return { status: "started" };
    case "turn.completed":
      return { status: "completed" };
    case "turn.interrupted":
      return { status: "interrupted", text: "A person who has joined the task interrupted the turn." };
    case "turn.failed":
      return { status: "failed", ...cut(event.error.message, text) };
  }
}

function unread(name: string): Content {
  return { kind: "unread", text: takeStart(name, MAX_NAME), is_cut: true };
}

function ofItem(item: CodexItem, isCompleted: boolean, limits: EntryLimits): Content | undefined {
  const named = "id" in item ? { item: takeStart(item.id, MAX_NAME) } : {};
  const status = statusOf("status" in item ? item.status : "", isCompleted);
  switch (item.type) {
    case "agent_message":
      return isCompleted ? { kind: "message", ...cut(item.text, limits.text) } : undefined;
    case "reasoning":
      return isCompleted ? { kind: "thought", ...cut(item.text, limits.text) } : undefined;
    case "user_message":
      return {
        kind: "sent",
        ...(item.client_id !== undefined && { item: takeStart(item.client_id, MAX_NAME) }),
        ...cut(item.text, limits.text),
      };
    case "command_execution":
      return { kind: "command", ...named, status, ...toCommand(item, limits) };
    case "file_change":
      return { kind: "patch", ...named, status, files: toFiles(item.changes, limits.text) };
    case "mcp_tool_call":
      return tool(`${item.server}.${item.tool}`, { ...named, status });
    case "collab_tool_call":
      return tool(`agent: ${item.tool}`, { status });
    case "web_search":
      return isCompleted ? { kind: "search", ...cut(item.query, MAX_COMMAND) } : undefined;
    case "todo_list":
      return { kind: "plan", item: "plan", steps: toSteps(item.items) };
    case "error":
      return { kind: "error", status: "warning", ...cut(item.message, limits.text) };
  }
}

function tool(name: string, more: Partial<Content>): Content {
  return { kind: "tool", ...more, text: takeStart(name, MAX_NAME), is_cut: true };
}

function statusOf(status: string, isCompleted: boolean): string {
  if (status !== "") return takeStart(status, MAX_NAME);
  return isCompleted ? "completed" : "in_progress";
}

function cut(text: string, length: number): { text: string; is_cut?: true } {
  return text.length <= length ? { text } : { text: takeStart(text, length), is_cut: true };
}

function toCommand(
  { command, aggregated_output, exit_code }: Extract<CodexItem, { type: "command_execution" }>,
  { output }: EntryLimits,
): Pick<LogEntry, "command" | "is_cut"> {
  const shown = cut(unwrapCommand(takeStart(command, 2 * MAX_COMMAND)), MAX_COMMAND);
  return {
    command: {
      command: shown.text,
      ...(typeof exit_code === "number" && { exit_code }),
      output: takeStart(aggregated_output, output),
      output_bytes: Buffer.byteLength(aggregated_output),
    },
    ...((shown.is_cut === true || aggregated_output.length > output) && { is_cut: true }),
  };
}

function toFiles(
  changes: readonly { path: string; kind: string; diff?: string | null | undefined }[],
  maxText: number,
): PatchFile[] {
  let left = maxText;
  return changes.slice(0, MAX_FILES).map(({ path, kind, diff }) => {
    const file: PatchFile = { path: takeStart(path, MAX_PATH), kind: takeStart(kind, MAX_NAME) };
    if (diff === undefined || diff === null || diff.length > left) return file;
    file.diff = toUnified(diff, kind);
    left -= file.diff.length;
    return file;
  });
}

/** Returns a change as a unified diff: of files that are new or deleted, Codex reports the content. */
export function toUnified(diff: string, kind: string): string {
  const sign = kind === "add" ? "+" : "-";
  if (kind !== "add" && kind !== "delete") return diff;
  const lines = diff.replace(/\n$/, "").split("\n");
  return lines.map((line) => sign + line).join("\n");
}

function toSteps(items: readonly { text: string; completed: boolean | null }[]): { text: string; is_done: boolean }[] {
  return items
    .slice(0, MAX_STEPS)
    .map(({ text, completed }) => ({ text: takeStart(text, MAX_STEP), is_done: completed === true }));
}

/** Returns all that a question shows, as text. */
export function askedText(question: { id: string; text: string }): string {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this program wrote it; another form throws
    return describeQuestion(question as QuestionContent).join("\n");
  } catch {
    return question.text;
  }
}

function toAnswer({ decision, by, cause }: Extract<CodexEvent, { type: "answer" }>): Partial<Content> {
  const named = by === "" ? {} : { by: takeStart(by, MAX_NAME) };
  if (cause === "timeout") return { text: "Declined: no one answered in time.", status: "timeout" };
  if (cause === "withdrawn") return { text: "Codex no longer asks.", status: "withdrawn", ...named };
  return { text: takeStart(decision, MAX_NAME), status: takeStart(decision, MAX_NAME), ...named };
}

function toCheck(
  event: Extract<CodexEvent, { type: "check.started" | "check.completed" }>,
  limits: EntryLimits,
): Partial<Content> {
  const command = takeStart(event.command, MAX_COMMAND);
  const attempt = event.attempt ?? 0;
  const item = `check ${attempt}`;
  if (event.type === "check.started") return { item, status: "in_progress", check: { command, attempt } };
  const { passed, exit_code, seconds, output_tail, why } = event;
  const check = {
    command,
    attempt,
    passed,
    ...(typeof exit_code === "number" && { exit_code }),
    seconds: seconds ?? 0,
  };
  const words = [why ?? "", output_tail].filter((text) => text !== "").join("\n");
  return { item, status: passed ? "completed" : "failed", check, ...cut(words, limits.output) };
}

import { takeStart } from "#base/text.ts";
import { listAnswers, type QuestionContent, summarizeQuestion } from "#domain/question.ts";
import { describeQuotaWait } from "#domain/waiting.ts";
import { type CodexEvent, type CodexItem, isKnownItem } from "./event.ts";

/** Description of one event, listed by `codex_status` and shown in the pane. */
export interface EventLine {
  type:
    | "message"
    | "thinking"
    | "text"
    | "plan"
    | "command"
    | "tool_call"
    | "tool_result"
    | "error"
    | "warning"
    | "question"
    | "answer"
    | "notice";
  text: string;
  tool_name?: string;
}

const MAX_TEXT = 500;

/**
 * Describes an event for a reader; returns undefined for events that only frame others.
 * @param limit longest text in characters; without a limit, the whole output of commands is included
 */
export function describeEvent(event: CodexEvent, limit = MAX_TEXT): EventLine | undefined {
  switch (event.type) {
    case "item.started":
      return isKnownItem(event.item) ? describeStart(event.item, limit) : undefined;
    case "item.updated":
      return isKnownItem(event.item) && event.item.type === "todo_list" ? describeEnd(event.item, limit) : undefined;
    case "item.completed":
      return isKnownItem(event.item)
        ? describeEnd(event.item, limit)
        : { type: "notice", text: shorten(event.item.type, limit) };
    case "turn.failed":
      return { type: "error", text: shorten(event.error.message, limit) };
    case "turn.interrupted":
      return { type: "warning", text: "The turn was interrupted by a person who has joined the task." };
    case "error":
      return { type: "error", text: shorten(event.message, limit) };
    case "question":
      return { type: "question", text: shorten(describeAsked(event.question), limit) };
    case "answer":
      return { type: "answer", text: shorten(describeAnswer(event), limit) };
    case "check.started":
      return { type: "command", text: shorten(event.command, limit), tool_name: "check" };
    case "check.completed":
      return { type: "tool_result", text: describeCheck(event, limit), tool_name: "check" };
    case "quota.waiting":
      return { type: "warning", text: shorten(`${describeQuotaWait(event)}: ${event.message}`, limit) };
    case "quota.over":
      return { type: "notice", text: "the wait for the quota is over; continuing" };
    case "goal.updated":
      // While it is active, only its tokens change.
      return event.status === "active" ? undefined : { type: "notice", text: shorten(`goal: ${event.status}`, limit) };
    default:
      return undefined;
  }
}

function describeAsked(question: { id: string }): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this program wrote it, from a Question
  const asked = question as QuestionContent;
  return `${asked.id}: ${summarizeQuestion(asked)} (${listAnswers(asked)})`;
}

function describeAnswer({ id, decision, by, cause }: Extract<CodexEvent, { type: "answer" }>): string {
  if (cause === "timeout") return `${id}: declined, because no one answered in time`;
  return cause === "withdrawn" ? `${id}: answered by ${by}` : `${id}: ${decision} (${by})`;
}

function describeCheck(
  { passed, exit_code, why, output_tail }: Extract<CodexEvent, { type: "check.completed" }>,
  limit: number,
): string {
  if (passed) return "check passed";
  const how = why ?? `exit ${exit_code ?? "unknown"}`;
  const output = Number.isFinite(limit) ? (output_tail.trimEnd().split("\n").at(-1) ?? "") : `\n${output_tail}`;
  return shorten(`check failed (${how}): ${output}`, limit);
}

function describeStart(item: CodexItem, limit: number): EventLine | undefined {
  switch (item.type) {
    case "command_execution":
      return { type: "command", text: shorten(unwrapCommand(item.command), limit), tool_name: "shell" };
    case "mcp_tool_call":
      return {
        type: "tool_call",
        text: shorten(`${item.server}.${item.tool}`, limit),
        tool_name: shorten(item.tool, limit),
      };
    case "todo_list":
      return describeEnd(item, limit);
    default:
      return undefined;
  }
}

function describeEnd(item: CodexItem, limit: number): EventLine {
  switch (item.type) {
    case "agent_message":
      return { type: "text", text: shorten(item.text, limit) };
    case "user_message":
      return { type: "message", text: shorten(item.text, limit) };
    case "reasoning":
      return { type: "thinking", text: shorten(item.text, limit) };
    case "command_execution":
      return { type: "tool_result", text: describeExit(item, limit), tool_name: "shell" };
    case "file_change":
      return { type: "tool_call", text: shorten(describeChanges(item), limit), tool_name: "apply_patch" };
    case "mcp_tool_call":
      return {
        type: "tool_result",
        text: shorten(`${item.server}.${item.tool}: ${item.status}`, limit),
        tool_name: shorten(item.tool, limit),
      };
    case "collab_tool_call":
      return {
        type: "tool_call",
        text: shorten(`${item.tool}: ${item.status}`, limit),
        tool_name: shorten(item.tool, limit),
      };
    case "web_search":
      return { type: "tool_call", text: shorten(item.query, limit), tool_name: "web_search" };
    case "todo_list":
      return { type: "plan", text: shorten(describePlan(item), limit) };
    case "error":
      // The run continues after it; an event of its own reports the end of a run.
      return { type: "warning", text: shorten(item.message, limit) };
  }
}

function describeExit(
  { aggregated_output, exit_code, status }: Extract<CodexItem, { type: "command_execution" }>,
  limit: number,
): string {
  const output = aggregated_output.trimEnd();
  const exit = exit_code === 0 ? "ok" : `exit ${exit_code ?? status}`;
  if (output === "") return shorten(exit, limit);
  if (!Number.isFinite(limit)) return `${exit}\n${output}`;
  return shorten(`${exit}: ${output.split("\n").at(-1) ?? ""}`, limit);
}

function describeChanges(item: Extract<CodexItem, { type: "file_change" }>): string {
  const changes = item.changes.map((change) => `${change.kind} ${change.path}`).join(", ");
  return item.status === "failed" ? `failed: ${changes}` : changes;
}

function describePlan(item: Extract<CodexItem, { type: "todo_list" }>): string {
  const done = item.items.filter((step) => step.completed).length;
  const next = item.items.find((step) => !step.completed)?.text;
  return `${done}/${item.items.length} done${next === undefined ? "" : `; now: ${next}`}`;
}

/** Extracts the command from the `/bin/bash -lc '…'` that Codex shows. */
export function unwrapCommand(command: string): string {
  const [, quoted] = /^\S*\b(?:ba|z|da)?sh -l?c (.*)$/s.exec(command) ?? [];
  if (quoted === undefined) return command;
  if (/^'[^']*'$/s.test(quoted)) return quoted.slice(1, -1);
  if (/^"(?:[^"\\]|\\.)*"$/s.test(quoted)) return quoted.slice(1, -1).replace(/\\([\\"$`])/g, "$1");
  return quoted;
}

function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${takeStart(text, limit - 1)}…`;
}

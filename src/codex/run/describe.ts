import { takeStart } from "#base/text.ts";
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
    | "notice";
  text: string;
  tool_name?: string;
}

const MAX_TEXT = 500;

/** Describes an event for a reader; returns undefined for events that only frame others. */
export function describeEvent(event: CodexEvent): EventLine | undefined {
  switch (event.type) {
    case "item.started":
      return isKnownItem(event.item) ? describeStart(event.item) : undefined;
    case "item.updated":
      return isKnownItem(event.item) && event.item.type === "todo_list" ? describeEnd(event.item) : undefined;
    case "item.completed":
      return isKnownItem(event.item) ? describeEnd(event.item) : { type: "notice", text: shorten(event.item.type) };
    case "turn.failed":
      return { type: "error", text: shorten(event.error.message) };
    case "error":
      return { type: "error", text: shorten(event.message) };
    default:
      return undefined;
  }
}

function describeStart(item: CodexItem): EventLine | undefined {
  switch (item.type) {
    case "command_execution":
      return { type: "command", text: shorten(unwrapCommand(item.command)), tool_name: "shell" };
    case "mcp_tool_call":
      return { type: "tool_call", text: shorten(`${item.server}.${item.tool}`), tool_name: shorten(item.tool) };
    case "todo_list":
      return describeEnd(item);
    default:
      return undefined;
  }
}

function describeEnd(item: CodexItem): EventLine {
  switch (item.type) {
    case "agent_message":
      return { type: "text", text: shorten(item.text) };
    case "user_message":
      return { type: "message", text: shorten(item.text) };
    case "reasoning":
      return { type: "thinking", text: shorten(item.text) };
    case "command_execution":
      return { type: "tool_result", text: describeExit(item), tool_name: "shell" };
    case "file_change":
      return { type: "tool_call", text: shorten(describeChanges(item)), tool_name: "apply_patch" };
    case "mcp_tool_call":
      return {
        type: "tool_result",
        text: shorten(`${item.server}.${item.tool}: ${item.status}`),
        tool_name: shorten(item.tool),
      };
    case "collab_tool_call":
      return { type: "tool_call", text: shorten(`${item.tool}: ${item.status}`), tool_name: shorten(item.tool) };
    case "web_search":
      return { type: "tool_call", text: shorten(item.query), tool_name: "web_search" };
    case "todo_list":
      return { type: "plan", text: shorten(describePlan(item)) };
    case "error":
      // The run continues after it; an event of its own reports the end of a run.
      return { type: "warning", text: shorten(item.message) };
  }
}

function describeExit(item: Extract<CodexItem, { type: "command_execution" }>): string {
  const lastLine = item.aggregated_output.trimEnd().split("\n").at(-1) ?? "";
  const exit = item.exit_code === 0 ? "ok" : `exit ${item.exit_code ?? item.status}`;
  return shorten(lastLine === "" ? exit : `${exit}: ${lastLine}`);
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

function shorten(text: string): string {
  return text.length <= MAX_TEXT ? text : `${takeStart(text, MAX_TEXT - 1)}…`;
}

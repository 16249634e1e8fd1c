import { LineReader } from "#platform/files/json-lines.ts";
import { type CodexEvent, type CodexItem, isKnownItem, parseEvent } from "./event.ts";

/** A command that a run has started. */
export interface RunCommand {
  /** As Codex shows it: the shell and what it was told. */
  command: string;
  /** Absent where it had not ended when the run did. */
  exitCode?: number;
}

/** A file that a run has patched, or has tried to. */
export interface PatchedFile {
  path: string;
  change: string;
  isApplied: boolean;
}

/** What a run did, as far as its log tells. */
export interface RunActions {
  commands: RunCommand[];
  patches: PatchedFile[];
  /** What the log tells of and nobody can judge, in words, each once. */
  unknown: string[];
}

type ActionItem = Extract<CodexItem, { type: "command_execution" | "file_change" }>;

/** Only so many different ones are told apart. */
const MAX_UNKNOWN = 100;

/**
 * Reads what a run did from its log; of an item that was reported several times, the last report counts. What is no
 * event, or one that this version does not know, is counted among what nobody can judge.
 */
export function readActions(logFile: string): RunActions {
  const items = new Map<string, ActionItem>();
  const unknown = new Set<string>();
  const addUnknown = (what: string) => {
    if (unknown.size < MAX_UNKNOWN) unknown.add(what);
  };
  const take = (line: string) => {
    if (line.trim() === "") return;
    const action = actionIn(line);
    if (typeof action === "string") addUnknown(action);
    else if (action !== undefined) items.set(action.id || `without id ${items.size}`, action);
  };
  const reader = new LineReader(logFile);
  for (const line of reader.read()) take(line);
  take(reader.rest());
  if (reader.longLines > 0) addUnknown(`${reader.longLines} lines of the log that are too long to read`);
  const actions: RunActions = { commands: [], patches: [], unknown: [...unknown] };
  for (const item of items.values()) addAction(actions, item);
  return actions;
}

/** What a line tells of; a text where nobody can judge it. */
function actionIn(line: string): ActionItem | string | undefined {
  let event: CodexEvent | undefined;
  try {
    event = parseEvent(line);
  } catch {
    event = undefined;
  }
  if (event === undefined) return "a line of the log that is no event";
  if (event.type === "unknown") return `an event of the type ${shorten(event.name)}`;
  return "item" in event ? actionOf(event.item) : undefined;
}

function actionOf(item: { type: string }): ActionItem | string | undefined {
  if (!isKnownItem(item)) return `an item of the type ${shorten(item.type)}`;
  switch (item.type) {
    case "file_change":
      return item;
    case "command_execution":
      // The output may be large, and nobody asks for it here.
      return { ...item, aggregated_output: "" };
    case "mcp_tool_call":
      return `the MCP tool ${shorten(`${item.server}.${item.tool}`)}`;
    case "collab_tool_call":
      return `another agent (${shorten(item.tool)})`;
    case "agent_message":
    case "reasoning":
    case "web_search":
    case "todo_list":
    case "error":
      return undefined;
  }
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}

function addAction(actions: RunActions, item: ActionItem): void {
  if (item.type === "command_execution") {
    const { command, exit_code } = item;
    actions.commands.push(typeof exit_code === "number" ? { command, exitCode: exit_code } : { command });
    return;
  }
  const isApplied = item.status === "completed";
  for (const { path, kind } of item.changes) actions.patches.push({ path, change: kind, isApplied });
}

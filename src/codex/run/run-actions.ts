import { formatPlural, takeStart } from "#base/text.ts";
import { LineReader } from "#platform/files/json-lines.ts";
import { type CodexEvent, type CodexItem, isKnownItem, parseEvent } from "./event.ts";

/** Command that a run has started. */
export interface RunCommand {
  /** Command as Codex shows it: the shell and its arguments. */
  command: string;
  /** Exit code; absent if the command had not ended when the run did. */
  exitCode?: number;
}

/** File that a run has patched, or has tried to patch. */
export interface PatchedFile {
  path: string;
  change: string;
  isApplied: boolean;
}

/** Actions of a run, according to its log. */
export interface RunActions {
  commands: RunCommand[];
  patches: PatchedFile[];
  /** Descriptions of log entries that cannot be assessed, without duplicates. */
  unknown: string[];
}

type ActionItem = Extract<CodexItem, { type: "command_execution" | "file_change" }>;

/** Maximum number of different unknown entries that are recorded. */
const MAX_UNKNOWN = 100;

/**
 * Reads a run's actions from its log; if an action was reported several times, the last report counts. Lines that are not events, and
 * events, items and fields of actions that this version does not know, are listed as unknown.
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
    else if (action !== undefined) {
      for (const doubt of doubtsAbout(line)) addUnknown(doubt);
      items.set(action.id === "" ? `without id ${items.size}` : keyOf(action), action);
    }
  };
  const reader = new LineReader(logFile);
  for (const line of reader.read()) take(line);
  take(reader.rest());
  if (reader.longLines > 0) addUnknown(`${formatPlural(reader.longLines, "log line")} longer than the limit`);
  const actions: RunActions = { commands: [], patches: [], unknown: [...unknown] };
  for (const item of items.values()) addAction(actions, item);
  return actions;
}

/** Returns the action that a line reports; a description if it cannot be assessed. */
function actionIn(line: string): ActionItem | string | undefined {
  let event: CodexEvent | undefined;
  try {
    event = parseEvent(line);
  } catch {
    event = undefined;
  }
  if (event === undefined) return "a log line that is not an event";
  if (event.type === "unknown") return `an event of type ${shorten(event.name)}`;
  return "item" in event ? actionOf(event.item) : undefined;
}

function actionOf(item: { type: string }): ActionItem | string | undefined {
  if (!isKnownItem(item)) return `an item of type ${shorten(item.type)}`;
  switch (item.type) {
    case "file_change":
      return { ...item, changes: item.changes.map(({ path, kind }) => ({ path, kind })) };
    case "command_execution":
      // The output may be large and is not needed here, like the text of patches.
      return { ...item, aggregated_output: "" };
    case "mcp_tool_call":
      return `the MCP tool ${shorten(`${item.server}.${item.tool}`)}`;
    case "collab_tool_call":
      return `another agent (${shorten(item.tool)})`;
    case "agent_message":
    case "reasoning":
    case "user_message":
    case "web_search":
    case "todo_list":
    case "error":
      return undefined;
  }
}

/** Returns what identifies an action: reports under one id that differ in what is done are different actions. */
function keyOf(item: ActionItem): string {
  const what = item.type === "command_execution" ? item.command : item.changes.map(({ path }) => path);
  return JSON.stringify([item.id, item.type, what]);
}

/** Fields of commands and patches that this version knows. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  "id",
  "type",
  "command",
  "aggregated_output",
  "exit_code",
  "status",
  "changes",
]);
const KNOWN_STATUSES: ReadonlySet<unknown> = new Set([undefined, "", "in_progress", "completed", "failed", "declined"]);

/** Returns why the report of an action may not say all that it does. @param line of an event whose item is an action */
function doubtsAbout(line: string): string[] {
  const json: unknown = JSON.parse(line);
  const item = isObject(json) && isObject(json["item"]) ? json["item"] : {};
  const { command, changes, status } = item;
  const type = String(item["type"]);
  const isEmpty =
    type === "command_execution" ? typeof command !== "string" || command.trim() === "" : !hasElements(changes);
  const fields = Object.keys(item).filter((name) => !KNOWN_FIELDS.has(name));
  return [
    ...(isEmpty ? [`an item of type ${type} that does not say what was done`] : []),
    ...fields.map((name) => `an item of type ${type} with the field ${shorten(name)}`),
    ...(KNOWN_STATUSES.has(status) ? [] : [`an item of type ${type} with the status ${shorten(String(status))}`]),
  ];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function hasElements(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${takeStart(text, 99)}…`;
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

import { LineReader } from "#lib/json-lines.ts";
import { type CodexItem, isKnownItem, parseEvent } from "./event.ts";

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
}

type ActionItem = Extract<CodexItem, { type: "command_execution" | "file_change" }>;

/** Reads what a run did from its log; of an item that was reported several times, the last report counts. */
export function readActions(logFile: string): RunActions {
  const items = new Map<string, ActionItem>();
  const reader = new LineReader(logFile);
  const take = (line: string) => {
    const item = actionIn(line);
    if (item !== undefined) items.set(item.id || `without id ${items.size}`, item);
  };
  for (const line of reader.read()) take(line);
  take(reader.rest());
  const actions: RunActions = { commands: [], patches: [] };
  for (const item of items.values()) addAction(actions, item);
  return actions;
}

function actionIn(line: string): ActionItem | undefined {
  const event = parseEvent(line);
  if (event === undefined || !("item" in event) || !isKnownItem(event.item)) return undefined;
  const { item } = event;
  if (item.type === "file_change") return item;
  // The output may be large, and nobody asks for it here.
  return item.type === "command_execution" ? { ...item, aggregated_output: "" } : undefined;
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

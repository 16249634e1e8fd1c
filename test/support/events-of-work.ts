import type { KnownEvent } from "./event-lines.ts";

/** Returns the work of the newest turn that has begun and not ended, the newest beginning last. */
export function inFlightOf(list: readonly KnownEvent[]): string[] {
  const turn = list.slice(list.findLastIndex(({ type }) => type === "turn.started") + 1);
  const work = turn.flatMap((event) => ("item" in event && "id" in event.item && event.item.id !== "" ? [event] : []));
  const last = new Map<string, string>();
  for (const { type, item } of work) {
    if (type === "item.updated" || !("id" in item)) continue;
    last.delete(item.id);
    last.set(item.id, type);
  }
  return [...last].filter(([, type]) => type === "item.started").map(([id]) => id);
}

/** Returns whether the newest end of an item of work is newer than the newest message and turn. */
export function hasEndedWork(list: readonly KnownEvent[]): boolean {
  const types = new Set<string>(["command_execution", "file_change", "mcp_tool_call"]);
  const work = list.findLastIndex((event) => event.type === "item.completed" && types.has(event.item.type));
  const other = list.findLastIndex(
    (event) =>
      event.type === "turn.started" || (event.type === "item.completed" && event.item.type === "agent_message"),
  );
  return work > other;
}

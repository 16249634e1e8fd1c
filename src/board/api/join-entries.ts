import type { LogEntry } from "./conversation.ts";

/**
 * Joins entries that report the same item of one turn: the later report takes the place of the earlier one. Joining parts of a list first
 * gives the same result.
 */
export function joinEntries(entries: readonly LogEntry[]): LogEntry[] {
  const joined: (LogEntry | undefined)[] = [];
  const open = new Map<string, number>();
  for (const entry of entries) {
    if (startsTurn(entry)) open.clear();
    const key = itemKeyOf(entry);
    const index = key === undefined ? undefined : open.get(key);
    const earlier = index === undefined ? undefined : joined[index];
    if (index !== undefined) joined[index] = undefined;
    joined.push(earlier === undefined ? entry : joinTwo(earlier, entry));
    if (key === undefined) continue;
    if (mayChange(entry)) open.set(key, joined.length - 1);
    else open.delete(key);
  }
  return joined.filter((entry) => entry !== undefined);
}

/** Returns whether ids of items before an entry mean other items than those after it. */
export function startsTurn({ kind, status }: LogEntry): boolean {
  return kind === "turn" && status === "started";
}

/** Returns the name of the item that an entry reports; reports under one id that differ in what is done are about different items. */
export function itemKeyOf({ kind, item, command, files, text, check }: LogEntry): string | undefined {
  if (item === undefined || item === "") return undefined;
  switch (kind) {
    case "command":
      return JSON.stringify([kind, item, command?.command]);
    case "patch":
      return JSON.stringify([kind, item, files?.map(({ path }) => path)]);
    case "check":
      return JSON.stringify([kind, item, check?.command]);
    case "plan":
      return JSON.stringify([kind, item]);
    case "tool":
    case "search":
      return JSON.stringify([kind, item, text]);
    default:
      return undefined;
  }
}

/** Returns whether another report about the item of an entry may follow. */
function mayChange({ kind, status }: LogEntry): boolean {
  return kind === "plan" || status === "in_progress";
}

function joinTwo(earlier: LogEntry, later: LogEntry): LogEntry {
  const began = earlier.began ?? earlier.time;
  const seconds = began === undefined || later.time === undefined ? undefined : secondsFrom(began, later.time);
  return {
    ...later,
    first: earlier.first ?? earlier.at,
    ...(began !== undefined && { began }),
    ...(later.command !== undefined &&
      later.status !== "in_progress" &&
      seconds !== undefined && { command: { ...later.command, seconds } }),
  };
}

function secondsFrom(began: string, ended: string): number {
  return Math.max(0, (Date.parse(ended) - Date.parse(began)) / 1000);
}

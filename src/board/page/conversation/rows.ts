import type { LogEntry } from "#board/api/conversation.ts";
import type { TaskPageData } from "#board/api/task.ts";

/** Row of the conversation. */
export interface ConversationRow {
  /** Name of the row, which stays the same while its entry is reported again. */
  key: number;
  entry: LogEntry;
  /** Day that begins with this row, in words. */
  day?: string;
}

/** Offset of the first message that Codex has not read: after everything in a log. */
const FIRST_WAITING = 2 ** 52;

/**
 * Returns the rows for the entries of a run.
 * @param loaded run, and whether the entries begin and end with its log
 */
export function toRows(
  entries: readonly LogEntry[],
  task: TaskPageData,
  { run, hasStart, hasEnd }: { run: number; hasStart: boolean; hasEnd: boolean },
): ConversationRow[] {
  const isCurrent = run === task.card.run;
  const all = entries.filter(({ kind, status }) => kind !== "turn" || status !== "started");
  if (hasStart && isCurrent && all[0]?.kind !== "prompt" && task.prompt !== "") {
    all.unshift({ at: 0, kind: "prompt", text: task.prompt });
  }
  if (hasEnd && isCurrent) all.push(...unreadMessages(task));
  let day: string | undefined;
  return all.map((entry) => {
    const row: ConversationRow = { key: entry.first ?? entry.at, entry };
    const own = entry.time === undefined ? undefined : new Date(entry.time).toDateString();
    const isFirstToday = day === undefined && own === new Date().toDateString();
    if (own !== undefined && own !== day && !isFirstToday) row.day = formatDay(entry.time);
    day = own ?? day;
    return row;
  });
}

function unreadMessages({ messages }: TaskPageData): LogEntry[] {
  return messages
    .filter(({ state }) => state !== "delivered")
    .map(({ id, text, sent_at, state }, index) => ({
      at: FIRST_WAITING + index,
      kind: "sent",
      item: id,
      time: sent_at,
      text,
      status: state,
    }));
}

function formatDay(time = ""): string {
  return new Date(time).toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" });
}

/** Returns the expected height of a row, in pixels. */
export function estimateRow({ entry, day }: ConversationRow): number {
  const { kind, text = "", steps = [], files = [] } = entry;
  const base = day === undefined ? 0 : 36;
  switch (kind) {
    case "prompt":
    case "message":
    case "thought":
    case "sent":
    case "question":
      return base + 24 + 20 * Math.min(30, Math.ceil(text.length / 80));
    case "plan":
      return base + 30 + 22 * steps.length;
    case "patch":
      return base + 12 + 26 * Math.min(20, files.length);
    default:
      return base + 32;
  }
}

/** Returns the index of the row with the entry whose last line ends at an offset, or the next one after it. */
export function findEntryRow(rows: readonly ConversationRow[], at: number): number {
  return rows.findIndex(({ entry }) => entry.at >= at);
}

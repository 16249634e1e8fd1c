import { type BoardColumn, type Card, COLUMNS } from "#board/api/card.ts";
import { type BoardFilter, matchesFilter } from "./filter/filter.ts";

/** Names of the columns: in full, and for narrow screens. */
export const COLUMN_NAMES: Record<BoardColumn, { name: string; short: string }> = {
  queued: { name: "Queued", short: "Queued" },
  running: { name: "Running", short: "Running" },
  waiting: { name: "Waiting for you", short: "Waiting" },
  review: { name: "To review", short: "Review" },
  merged: { name: "Merged", short: "Merged" },
  failed: { name: "Failed", short: "Failed" },
};

/** Columns with the cards that a filter shows. */
export interface Arrangement {
  columns: Record<BoardColumn, Card[]>;
  shown: number;
  /** Number of tasks that the filter hides. */
  hidden: number;
}

/** Sorts the cards into their columns. @param isSeen returns whether the run of a task was opened in this browser */
export function arrangeCards(cards: Iterable<Card>, filter: BoardFilter, isSeen: (card: Card) => boolean): Arrangement {
  const columns: Arrangement["columns"] = { queued: [], running: [], waiting: [], review: [], merged: [], failed: [] };
  let [shown, hidden] = [0, 0];
  for (const card of cards) {
    const column = columnFor(card, isSeen);
    if (matchesFilter(card, column, filter)) {
      columns[column].push(card);
      shown++;
    } else hidden++;
  }
  for (const column of COLUMNS) columns[column].sort(compareIn(column));
  return { columns, shown, hidden };
}

/** Returns the column of a card: an answer without work needs no decision once it was read. */
function columnFor(card: Card, isSeen: (card: Card) => boolean): BoardColumn {
  return card.column === "review" && card.work !== "open" && isSeen(card) ? "merged" : card.column;
}

/** Returns the order of a column: the queue as it will be started, all others newest first. */
function compareIn(column: BoardColumn): (a: Card, b: Card) => number {
  if (column === "queued") return (a, b) => compareTimes(a.started_at, b.started_at, a, b);
  return (a, b) => compareTimes(b.ended_at ?? b.started_at, a.ended_at ?? a.started_at, b, a);
}

function compareTimes(one: string, other: string, a: Card, b: Card): number {
  if (one !== other) return one < other ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

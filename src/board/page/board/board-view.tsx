import { Link } from "wouter-preact";
import { type BoardColumn, COLUMNS } from "#board/api/card.ts";
import { cards } from "#board/page/state/board-state.ts";

/** Names of the columns. */
const NAMES: Record<BoardColumn, string> = {
  queued: "Queued",
  running: "Running",
  waiting: "Waiting for you",
  review: "To review",
  merged: "Merged",
  failed: "Failed",
};

/** Shows the tasks in columns by their state. */
export function BoardView() {
  const all = [...cards.value.values()];
  return COLUMNS.map((column) => (
    <section key={column} aria-label={NAMES[column]}>
      <h2>{NAMES[column]}</h2>
      {all
        .filter((card) => card.column === column)
        .map((card) => (
          <p key={card.id}>
            <Link href={`/tasks/${card.id}`}>{card.title}</Link>
          </p>
        ))}
    </section>
  ));
}

import { useEffect, useRef, useState } from "preact/hooks";
import { type BoardColumn, type Card, COLUMNS } from "#board/api/card.ts";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { type Arrangement, COLUMN_NAMES } from "./columns.ts";

/** Columns of which a reader learns when a task gets there: all that may need a decision. */
const ANNOUNCED: ReadonlySet<BoardColumn> = new Set(["waiting", "review", "failed"]);
/** Largest number of tasks that are announced at a time. */
const MAX_ANNOUNCED = 3;

/** Announces the tasks that have come to need a decision, for those who cannot see the cards move. */
export function Announcements({ arrangement }: { arrangement: Arrangement }) {
  const places = useRef<ReadonlyMap<string, BoardColumn>>(undefined);
  const [text, setText] = useState("");
  useEffect(() => {
    const before = places.current;
    const after = new Map<string, BoardColumn>();
    const moved: [card: Card, column: BoardColumn][] = [];
    for (const column of COLUMNS) {
      for (const card of arrangement.columns[column]) {
        after.set(card.id, column);
        const from = before?.get(card.id);
        if (from !== undefined && from !== column && ANNOUNCED.has(column)) moved.push([card, column]);
      }
    }
    places.current = after;
    if (moved.length === 0) return;
    const named = moved.slice(0, MAX_ANNOUNCED).map(([{ topic }, column]) => `${COLUMN_NAMES[column].name}: ${topic}.`);
    setText(
      moved.length > MAX_ANNOUNCED ? `${named.join(" ")} And ${moved.length - MAX_ANNOUNCED} more.` : named.join(" "),
    );
  }, [arrangement]);
  return (
    <div class="visually-hidden" aria-live="polite">
      {text !== "" && <VisibleText text={text} />}
    </div>
  );
}

import { type BoardColumn, COLUMNS } from "#board/api/card.ts";
import { chosenColumn } from "./board-focus.ts";
import { type Arrangement, COLUMN_NAMES } from "./columns.ts";

/** Steps of the keys that move between tabs. */
const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

/** Shows the columns as tabs, for narrow screens. */
export function BoardTabs({ arrangement, shown }: { arrangement: Arrangement; shown: BoardColumn }) {
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined || !(event.currentTarget instanceof HTMLElement)) return;
    event.preventDefault();
    const index = (COLUMNS.indexOf(shown) + step + COLUMNS.length) % COLUMNS.length;
    chosenColumn.value = COLUMNS[index];
    event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")[index]?.focus();
  };
  return (
    <div class="board-tabs" role="tablist" aria-label="Columns" onKeyDown={move}>
      {COLUMNS.map((column) => (
        <button
          key={column}
          type="button"
          role="tab"
          aria-selected={column === shown}
          aria-controls={column === shown ? `column-${column}` : undefined}
          tabIndex={column === shown ? 0 : -1}
          onClick={() => (chosenColumn.value = column)}
        >
          {COLUMN_NAMES[column].short} <span class="count">{arrangement.columns[column].length}</span>
        </button>
      ))}
    </div>
  );
}

/** Order in which the first column with tasks is shown until one is chosen: what needs the user comes first. */
const BY_URGENCY: readonly BoardColumn[] = ["waiting", "review", "running", "queued", "failed", "merged"];

/** Returns the column that a narrow screen shows. */
export function shownColumn({ columns }: Arrangement): BoardColumn {
  return chosenColumn.value ?? BY_URGENCY.find((column) => columns[column].length > 0) ?? "running";
}

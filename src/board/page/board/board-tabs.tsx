import { Tabs } from "#board/page/parts/tabs.tsx";
import { type BoardColumn, COLUMNS } from "#board/api/card.ts";
import { chosenColumn } from "./board-focus.ts";
import { type Arrangement, COLUMN_NAMES } from "./columns.ts";

/** Shows the columns as tabs, for narrow screens. */
export function BoardTabs({ arrangement, shown }: { arrangement: Arrangement; shown: BoardColumn }) {
  return (
    <Tabs
      class="board-tabs"
      label="Columns"
      tabs={COLUMNS.map((column) => ({
        value: column,
        name: (
          <>
            {COLUMN_NAMES[column].short} <span class="count">{arrangement.columns[column].length}</span>
          </>
        ),
      }))}
      value={shown}
      onChange={(column) => (chosenColumn.value = column)}
      panelOf={(column) => `column-${column}`}
    />
  );
}

/** Order in which the first column with tasks is shown until one is chosen: what needs the user comes first. */
const BY_URGENCY: readonly BoardColumn[] = ["waiting", "review", "running", "queued", "failed", "merged"];

/** Returns the column that a narrow screen shows. */
export function shownColumn({ columns }: Arrangement): BoardColumn {
  return chosenColumn.value ?? BY_URGENCY.find((column) => columns[column].length > 0) ?? "running";
}

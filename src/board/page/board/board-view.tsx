import { computed } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { COLUMNS } from "#board/api/card.ts";
import { useMedia } from "#board/page/layout/use-media.ts";
import { useTitle } from "#board/page/layout/use-title.ts";
import { cards, isLive } from "#board/page/state/board-state.ts";
import { isSeen } from "#board/page/state/seen.ts";
import { nameFolders } from "#base/format-values.ts";
import { CardColumn } from "./board-column.tsx";
import { currentCard, focusCard, moveFocus, settleFocus } from "./board-focus.ts";
import { Announcements } from "./announcements.tsx";
import { useBoardKeys } from "./board-keys.ts";
import { FirstSteps, MarkedBar, MissingTasks } from "./board-notes.tsx";
import { BoardTabs, shownColumn } from "./board-tabs.tsx";
import { type Arrangement, arrangeCards } from "./columns.ts";
import { isFiltering, NO_FILTER } from "./filter/filter.ts";
import { FilterBar } from "./filter/filter-bar.tsx";
import { useFilter } from "./filter/use-filter.ts";
import "./board.css";

/** Width below which one column is shown at a time. */
const NARROW = "(max-width: 1099px)";

/** Repositories of all tasks: the text stays the same while tasks of known ones change, so that names are worked out once. */
const repositories = computed(() =>
  JSON.stringify([...new Set([...cards.value.values()].map(({ repository }) => repository))]),
);
const repositoryNames = computed(() => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written above
  return nameFolders(JSON.parse(repositories.value) as string[]);
});

/** Shows the tasks in columns by their state. */
export function BoardView() {
  const [filter, setFilter] = useFilter();
  const isNarrow = useMedia(NARROW);
  const field = useRef<HTMLInputElement>(null);
  const all = cards.value;
  const arrangement = arrangeCards(all.values(), filter, isSeen);
  useLayoutEffect(() => settleFocus(arrangement), [arrangement]);
  useBoardKeys({
    arrangement,
    field,
    clearFilter: () => {
      if (!isFiltering(filter)) return false;
      setFilter(NO_FILTER);
      return true;
    },
  });
  const waiting = arrangement.columns.waiting.length;
  useTitle(`${waiting === 0 ? "" : `(${waiting}) `}Board – codex-mcp-server`);
  if (all.size === 0) {
    return (
      <div class="board">
        <FirstSteps />
        <MissingTasks />
      </div>
    );
  }
  return (
    <div class={isLive.value ? "board" : "board not-live"}>
      <h1 class="visually-hidden">Board</h1>
      <FilterBar
        filter={filter}
        onChange={setFilter}
        cards={all.values()}
        names={repositoryNames.value}
        arrangement={arrangement}
        field={field}
        onLeave={() => enterCards(arrangement)}
      />
      <MissingTasks />
      {arrangement.shown === 0 ? (
        <div class="board-empty">
          <p>No task matches the filters.</p>
          <button type="button" onClick={() => setFilter(NO_FILTER)}>
            Show all {all.size} tasks
          </button>
        </div>
      ) : (
        <Columns arrangement={arrangement} isNarrow={isNarrow} />
      )}
      <MarkedBar />
      <Announcements arrangement={arrangement} />
    </div>
  );
}

function Columns({ arrangement, isNarrow }: { arrangement: Arrangement; isNarrow: boolean }) {
  const names = repositoryNames.value;
  const first = COLUMNS.map((column) => arrangement.columns[column][0]?.id).find((id) => id !== undefined);
  const current = currentCard.value ?? first;
  const shown = shownColumn(arrangement);
  const columns = isNarrow ? [shown] : COLUMNS;
  return (
    <>
      {isNarrow && <BoardTabs arrangement={arrangement} shown={shown} />}
      <div class={isNarrow ? "columns single" : "columns"}>
        {columns.map((column) => (
          <CardColumn
            key={column}
            column={column}
            arrangement={arrangement}
            names={names}
            current={isNarrow && !holds(arrangement, column, current) ? arrangement.columns[column][0]?.id : current}
            isPanel={isNarrow}
          />
        ))}
      </div>
    </>
  );
}

function holds(arrangement: Arrangement, column: (typeof COLUMNS)[number], id: string | undefined): boolean {
  return arrangement.columns[column].some((card) => card.id === id);
}

/** Moves the focus to the current card, or to the first. */
function enterCards(arrangement: Arrangement): void {
  const id = currentCard.value;
  if (id !== undefined && COLUMNS.some((column) => holds(arrangement, column, id))) focusCard(arrangement, id);
  else {
    currentCard.value = undefined;
    moveFocus(arrangement, 0, 1);
  }
}

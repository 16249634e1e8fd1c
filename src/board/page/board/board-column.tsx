import type { BoardColumn } from "#board/api/card.ts";
import { VirtualList } from "#board/page/parts/virtual-list.tsx";
import { columnLists, releaseScrolledAway } from "./board-focus.ts";
import { type Arrangement, COLUMN_NAMES } from "./columns.ts";
import { TaskCard } from "./card/task-card.tsx";

/** Properties of a column. */
export interface BoardColumnProps {
  column: BoardColumn;
  arrangement: Arrangement;
  /** Short names of repositories. */
  names: ReadonlyMap<string, string>;
  /** Card that Tab reaches. */
  current: string | undefined;
  /** Whether it is the only column, chosen by a tab. */
  isPanel: boolean;
}

/** Height of a card in pixels, before it is measured. */
const CARD_HEIGHT = 124;

/** Shows a column with its cards. */
export function CardColumn({ column, arrangement, names, current, isPanel }: BoardColumnProps) {
  const cards = arrangement.columns[column];
  const { name } = COLUMN_NAMES[column];
  return (
    <section
      class={cards.length === 0 ? "column empty" : "column"}
      aria-label={name}
      id={`column-${column}`}
      data-column={column}
    >
      {!isPanel && (
        <h2>
          {name} <span class="count">{cards.length}</span>
        </h2>
      )}
      {cards.length === 0 ? (
        <p class="weak column-note">{isPanel ? "No tasks here." : "–"}</p>
      ) : (
        <VirtualList
          count={cards.length}
          keyOf={(index) => cards[index]?.id ?? index}
          estimateHeight={() => CARD_HEIGHT}
          handle={columnLists[column]}
          role="list"
          label={`${name}: tasks`}
          onRange={(first, last) => releaseScrolledAway(arrangement, column, first, last)}
          render={(index) => {
            const card = cards[index];
            return card === undefined ? null : (
              <div role="listitem" class="card-row">
                <TaskCard
                  card={card}
                  repository={names.get(card.repository) ?? card.repository}
                  isCurrent={card.id === current}
                />
              </div>
            );
          }}
        />
      )}
    </section>
  );
}

import { useMemo } from "preact/hooks";
import type { BoardColumn, Card } from "#board/api/card.ts";
import { VirtualList } from "#board/page/parts/virtual-list.tsx";
import { columnLists, releaseScrolledAway } from "./board-focus.ts";
import { type Arrangement, COLUMN_NAMES } from "./columns.ts";
import { TaskCard, type TaskCardProps } from "./task-card.tsx";

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
              <CardRow card={card} repository={names.get(card.repository) ?? card.repository} current={current} />
            );
          }}
        />
      )}
    </section>
  );
}

/** Shows a card as an item of the list. It is only drawn again if the task has changed. */
function CardRow({
  card,
  repository,
  current,
}: Omit<TaskCardProps, "isCurrent"> & { card: Card; current: string | undefined }) {
  const isCurrent = card.id === current;
  return useMemo(
    () => (
      <div role="listitem" class="card-row">
        <TaskCard card={card} repository={repository} isCurrent={isCurrent} />
      </div>
    ),
    [card, repository, isCurrent],
  );
}

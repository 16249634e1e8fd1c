import { signal } from "@preact/signals";
import type { RefObject } from "preact";
import { type BoardColumn, COLUMNS } from "#board/api/card.ts";
import type { VirtualListHandle } from "#board/page/parts/virtual-list.tsx";
import type { Arrangement } from "./columns.ts";

/** Id of the card that keys act on. */
export const currentCard = signal<string | undefined>(undefined);
/** Column that narrow screens show; undefined until one is chosen. */
export const chosenColumn = signal<BoardColumn | undefined>(undefined);

/** Whether the current card has the focus, or had it when it was last drawn. */
let isHeld = false;
/** Card that gets the focus as soon as it is drawn. */
let pending: string | undefined;
/** Arrangement that the focus was last brought in line with. */
let settled: Arrangement | undefined;

/** Lists of the columns, for scrolling. */
export const columnLists: Record<BoardColumn, RefObject<VirtualListHandle | null>> = {
  queued: { current: null },
  running: { current: null },
  waiting: { current: null },
  review: { current: null },
  merged: { current: null },
  failed: { current: null },
};

/** Records that a card has the focus. */
export function holdFocus(id: string): void {
  currentCard.value = id;
  isHeld = true;
}

/** Records that a card may have lost the focus: not if it was moved, or is removed from the document for now. */
export function releaseFocus(card: Element): void {
  setTimeout(() => {
    if (card.isConnected && document.hasFocus() && !isOnCard(document.activeElement)) isHeld = false;
  });
}

/** Focuses a card that has just been drawn, if it is to get the focus. */
export function claimFocus(id: string, link: HTMLElement | null): void {
  if (pending !== id || link === null) return;
  pending = undefined;
  link.focus({ preventScroll: true });
}

/** Gives up the focus of a card that the user has scrolled out of view: to scroll back would be a surprise. */
export function releaseScrolledAway(arrangement: Arrangement, column: BoardColumn, first: number, last: number): void {
  if (!isHeld || arrangement !== settled) return;
  const at = findPlace(arrangement, currentCard.peek());
  if (at?.column === column && (at.index < first || at.index > last)) isHeld = false;
}

/** Keeps the focus on the current card after a change; on its neighbour if it is no longer shown. */
export function settleFocus(arrangement: Arrangement): void {
  const before = settled;
  settled = arrangement;
  const id = currentCard.peek();
  if (id === undefined) return;
  let next: string | undefined = id;
  if (findPlace(arrangement, id) === undefined) {
    const place = before && findPlace(before, id);
    const list = place === undefined ? [] : arrangement.columns[place.column];
    next = list[Math.min(place?.index ?? 0, list.length - 1)]?.id;
    currentCard.value = next;
  }
  const { activeElement } = document;
  const isNowhere = activeElement === null || activeElement === document.body;
  if (next !== undefined && isHeld && isNowhere) focusCard(arrangement, next);
}

/** Focuses a card, wherever it is. */
export function focusCard(arrangement: Arrangement, id: string): void {
  const place = findPlace(arrangement, id);
  if (place === undefined) return;
  currentCard.value = id;
  chosenColumn.value = place.column;
  pending = id;
  columnLists[place.column].current?.scrollTo(place.index);
  claimFocus(id, document.querySelector<HTMLElement>(`[data-card="${CSS.escape(id)}"] .card-link`));
}

/** Moves the focus to the next card of the column, or to the card beside it in the next column that has any. */
export function moveFocus(arrangement: Arrangement, columns: number, rows: number): void {
  const place = findPlace(arrangement, currentCard.peek());
  const next = place === undefined ? findFirst(arrangement) : findNext(arrangement, place, columns, rows);
  if (next !== undefined) focusCard(arrangement, next);
}

/** Returns whether an element belongs to a card. */
export function isOnCard(element: Element | null): boolean {
  return element?.closest("[data-card]") !== null && element !== null;
}

interface Place {
  column: BoardColumn;
  index: number;
}

function findPlace({ columns }: Arrangement, id: string | undefined): Place | undefined {
  if (id === undefined) return undefined;
  for (const column of COLUMNS) {
    const index = columns[column].findIndex((card) => card.id === id);
    if (index !== -1) return { column, index };
  }
  return undefined;
}

function findFirst({ columns }: Arrangement): string | undefined {
  return COLUMNS.map((column) => columns[column][0]?.id).find((id) => id !== undefined);
}

function findNext(
  { columns }: Arrangement,
  { column, index }: Place,
  across: number,
  down: number,
): string | undefined {
  if (across === 0) return columns[column][index + down]?.id;
  const at = COLUMNS.indexOf(column);
  const others = across > 0 ? COLUMNS.slice(at + 1) : COLUMNS.slice(0, at).toReversed();
  const target = others.find((each) => columns[each].length > 0);
  if (target === undefined) return undefined;
  return findBeside(target) ?? columns[target][Math.min(index, columns[target].length - 1)]?.id;
}

/** Returns the card of a column that is at the height of the current one; undefined if that column is not drawn. */
function findBeside(column: BoardColumn): string | undefined {
  const top = (element: Element) => element.getBoundingClientRect().top;
  const current = document.querySelector(`[data-card="${CSS.escape(currentCard.peek() ?? "")}"]`);
  const list = columnLists[column].current?.element();
  if (current === null || list === null || list === undefined) return undefined;
  const { top: from, bottom: to } = list.getBoundingClientRect();
  const drawn = [...list.querySelectorAll<HTMLElement>("[data-card]")];
  const visible = drawn.filter((card) => top(card) >= from && top(card) < to);
  const distance = (card: Element) => Math.abs(top(card) - top(current));
  return visible.toSorted((a, b) => distance(a) - distance(b))[0]?.dataset["card"];
}

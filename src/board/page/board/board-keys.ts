import { useMemo, useRef } from "preact/hooks";
import type { RefObject } from "preact";
import { useLocation } from "wouter-preact";
import { type Card, hasEnded } from "#board/api/card.ts";
import { type KeyBinding, useKeys } from "#board/page/parts/keys.tsx";
import { notify } from "#board/page/parts/notices.tsx";
import { cards, info } from "#board/page/state/board-state.ts";
import { clearMarks, marked, toggleMark } from "#board/page/state/marked.ts";
import { compareAddress, groupAddress, taskAddress } from "#board/page/address/addresses.ts";
import { currentCard, isOnCard, moveFocus } from "./board-focus.ts";
import type { Arrangement } from "./columns.ts";

/** Parts of the board that its keys act on. */
export interface BoardKeyTargets {
  arrangement: Arrangement;
  field: RefObject<HTMLInputElement | null>;
  /** Shows all tasks. @returns whether any was hidden */
  clearFilter: () => boolean;
}

/** Actions by which keys open a task's page, with the tasks that allow them. */
const ACTION_KEYS: readonly {
  key: string;
  action: string;
  does: string;
  refusal: string;
  allows: (card: Card) => boolean;
}[] = [
  {
    key: "x",
    action: "cancel",
    does: "Cancel the task",
    refusal: "Only a queued or running task can be cancelled.",
    allows: (card) => !hasEnded(card),
  },
  {
    key: "m",
    action: "merge",
    does: "Merge its work",
    refusal: "The task has no work that can be merged now.",
    allows: (card) => card.work === "open" && hasEnded(card),
  },
  {
    key: "d",
    action: "discard",
    does: "Discard its work",
    refusal: "The task has no work that can be discarded now.",
    allows: (card) => card.work === "open" && hasEnded(card),
  },
];

/** Gives the board its keys. */
export function useBoardKeys(targets: BoardKeyTargets): void {
  const [, navigate] = useLocation();
  const latest = useRef(targets);
  latest.current = targets;
  const keys = useMemo((): readonly KeyBinding[] => {
    const move = (columns: number, rows: number) => () => moveFocus(latest.current.arrangement, columns, rows);
    return [
      { key: "ArrowDown", run: move(0, 1) },
      { key: "ArrowUp", run: move(0, -1) },
      { key: "ArrowLeft", run: move(-1, 0) },
      { key: "ArrowRight", run: move(1, 0) },
      { key: "j", name: "j ↓", does: "Next card", run: move(0, 1) },
      { key: "k", name: "k ↑", does: "Previous card", run: move(0, -1) },
      { key: "h", name: "h ←", does: "Column to the left", run: move(-1, 0) },
      { key: "l", name: "l →", does: "Column to the right", run: move(1, 0) },
      {
        key: "Enter",
        does: "Open the task",
        when: isOnTask,
        run: () => withCurrent(({ id }) => navigate(taskAddress(id))),
      },
      ...ACTION_KEYS.map(({ key, action, does, refusal, allows }) => ({
        key,
        does,
        run: () =>
          withCurrent((card) => {
            if (info.value?.is_read_only === true) notify("failed", "This board is read-only.");
            else if (allows(card)) navigate(taskAddress(card.id, action));
            else notify("failed", refusal);
          }),
      })),
      {
        key: " ",
        name: "Space",
        does: "Mark for comparing",
        when: isOnTask,
        run: () => withCurrent(({ id }) => toggleMark(id)),
      },
      { key: "c", does: "Compare the marked tasks, or else all tries of the prompt", run: () => compare(navigate) },
      {
        key: "t",
        does: "Show all tries of the task's prompt",
        run: () => withCurrent((card) => showTries(card, navigate)),
      },
      { key: "/", does: "Filter by text", run: () => latest.current.field.current?.focus() },
      {
        key: "Escape",
        name: "Esc",
        does: "Show all tasks, then remove the marks",
        run: () => latest.current.clearFilter() || clearMarks(),
      },
    ];
  }, [navigate]);
  useKeys("Board", keys);
}

/** Returns whether keys are meant for a card: buttons and other links have effects of their own. */
function isOnTask(): boolean {
  const { activeElement } = document;
  const isNowhere =
    activeElement === null || activeElement === document.body || activeElement.matches("main, .virtual-list");
  return currentCard.value !== undefined && (isNowhere || isOnCard(activeElement));
}

function withCurrent(run: (card: Card) => void): void {
  const card = cards.value.get(currentCard.value ?? "");
  if (card === undefined) notify("failed", "No task is chosen: move to one with the arrow keys first.");
  else run(card);
}

function showTries({ group }: Card, navigate: (path: string) => void): void {
  if (group === undefined) notify("failed", "The task is the only try at its prompt.");
  else navigate(groupAddress(group));
}

function compare(navigate: (path: string) => void): void {
  const ids = [...marked.value];
  const group = cards.value.get(currentCard.value ?? "")?.group;
  if (ids.length > 1) navigate(compareAddress({ task: ids }));
  else if (ids.length === 0 && group !== undefined) navigate(compareAddress({ group: [group] }));
  else notify("failed", "Mark at least two tasks with the space key first.");
}

import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
import { useKeys } from "#board/page/parts/keys.tsx";
import type { CommentStore } from "./comments/comment-store.ts";
import { choose, layout } from "./layout-choice.ts";
import { lineOf } from "./rows/parse-patch.ts";
import { HEADER_HEIGHT, type PatchState } from "./rows/patch-state.ts";

/** Gives the view of a patch its keys. */
export function useDiffKeys(
  state: PatchState,
  comments: CommentStore | undefined,
  view: RefObject<HTMLElement | null>,
): void {
  const keys = useMemo(
    () => [
      { key: "n", does: "Next file", run: () => goToFile(state, 1) },
      { key: "p", does: "Previous file", run: () => goToFile(state, -1) },
      { key: "]", does: "Next change", run: () => goToHunk(state, 1) },
      { key: "[", does: "Previous change", run: () => goToHunk(state, -1) },
      { key: "j", does: "Next line", run: () => moveCursor(state, 1) },
      { key: "k", does: "Previous line", run: () => moveCursor(state, -1) },
      { key: "f", does: "Fold or open the file", run: () => foldCurrent(state) },
      { key: "s", does: "One column or two", run: () => choose({ isSplit: !layout.value.isSplit }) },
      ...(comments === undefined
        ? []
        : [{ key: "c", does: "Comment on the line", run: () => comment(state, comments) }]),
    ],
    [state, comments],
  );
  useKeys("Changes", keys, view);
}

/** Returns the position of the first row below the header at the upper edge. */
function topIndex(state: PatchState): number {
  const top = state.list.current?.atTop();
  if (top === undefined) return 0;
  return state.covering.value === undefined ? top.index : top.index + Math.ceil(HEADER_HEIGHT / 20);
}

function goToFile(state: PatchState, by: number): void {
  const { blocks } = state.model.value;
  const index = blocks.findIndex(({ file }) => file.path === state.current.value);
  // Back to the beginning of the file first, as players do.
  const step = by < 0 && state.covering.value !== undefined ? 0 : by;
  const block = blocks[Math.max(0, index) + step];
  if (block !== undefined) state.list.current?.place(block.start, 0);
}

function goToHunk(state: PatchState, by: number): void {
  const model = state.model.value;
  for (let index = topIndex(state) + by; index >= 0 && index < model.count; index += by) {
    const row = model.at(index);
    const isHunk = row?.kind === "line" && lineOf(state.contentOf(row), "new")?.kind === "hunk";
    // Lines that were not read yet are read when their file is reached.
    if (isHunk || (row?.kind === "file" && state.loader.get(row.block.file) === undefined)) {
      state.list.current?.place(index, isHunk ? -HEADER_HEIGHT : 0);
      return;
    }
  }
}

/** Moves the keyboard to the next line that can have a comment. */
function moveCursor(state: PatchState, by: number): void {
  const model = state.model.value;
  const { cursor } = state;
  const block = model.blocks.find(({ file }) => file.path === cursor.value?.path);
  const from =
    block === undefined || cursor.value === undefined ? topIndex(state) - 1 : model.indexOf(block, cursor.value.row);
  for (let index = from + by; index >= 0 && index < model.count; index += by) {
    const row = model.at(index);
    if (row?.kind !== "line" || lineOf(state.contentOf(row), "new")?.kind === "hunk") continue;
    cursor.value = { path: row.block.file.path, row: row.row };
    const top = state.list.current?.atTop();
    if (top !== undefined && index <= top.index + 2) state.list.current?.place(index, -HEADER_HEIGHT);
    else state.list.current?.scrollTo(index);
    return;
  }
}

function foldCurrent(state: PatchState): void {
  const block = state.model.value.blocks.find(({ file }) => file.path === state.current.value);
  if (block === undefined) return;
  state.fold(block.file.path);
  requestAnimationFrame(() => state.list.current?.place(block.start, 0));
}

/** Opens the form for the line that has the keyboard, or else for the first changed line that is visible. */
function comment(state: PatchState, comments: CommentStore): void {
  const model = state.model.value;
  const { cursor } = state;
  const block = model.blocks.find(({ file }) => file.path === cursor.value?.path);
  const start =
    block === undefined || cursor.value === undefined ? topIndex(state) : model.indexOf(block, cursor.value.row);
  for (let index = start; index < model.count; index++) {
    const row = model.at(index);
    const line = lineOf(state.contentOf(row), "new") ?? lineOf(state.contentOf(row), "old");
    const side = line?.kind === "removed" ? "old" : "new";
    const number = line?.[side];
    if (row === undefined || number === undefined || line?.kind === "hunk") continue;
    if (line?.kind === "same" && cursor.value === undefined) continue;
    if (row.kind === "line") cursor.value = { path: row.block.file.path, row: row.row };
    comments.open({ path: row.block.file.path, side, first: number, last: number });
    return;
  }
}

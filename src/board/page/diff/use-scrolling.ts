import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { PatchState } from "./rows/patch-state.ts";
import type { RowModel } from "./rows/row-model.ts";

/** Keeps the row at the upper edge where it is when the list changes, and finds out which file is there. */
export function useAnchor(state: PatchState, model: RowModel): void {
  const before = useRef<{ model: RowModel; top: { index: number; hidden: number } | undefined }>(undefined);
  // The list still has the old rows: it is drawn after this.
  if (before.current?.model !== model) {
    const top = before.current === undefined ? undefined : state.list.current?.atTop();
    before.current = { model: before.current?.model ?? model, top };
  }
  useLayoutEffect(() => {
    const { current } = before;
    before.current = { model, top: undefined };
    const top = current?.top;
    if (current === undefined || top === undefined || (top.index === 0 && top.hidden === 0)) return;
    state.list.current?.place(state.mapIndex(current.model, top.index), top.hidden);
  }, [state, model]);
  useEffect(() => {
    const list = state.list.current?.element();
    const watch = () => state.watchTop();
    list?.addEventListener("scroll", watch, { passive: true });
    watch();
    // The header over the rows leaves the scroll bar free.
    if (list !== null && list !== undefined) {
      list.parentElement?.style.setProperty("--bar", `${list.offsetWidth - list.clientWidth}px`);
    }
    return () => list?.removeEventListener("scroll", watch);
  }, [state, model]);
}

/** Moves the texts of all lines sideways with one scroll bar, while their numbers stay. */
export function useSideways(
  frame: RefObject<HTMLElement | null>,
  bar: RefObject<HTMLElement | null>,
  isWrapped: boolean,
): void {
  useEffect(() => {
    const [rows, handle] = [frame.current, bar.current];
    if (rows === null || handle === null || isWrapped) return;
    const shift = () => rows.style.setProperty("--shift", `${-handle.scrollLeft}px`);
    const wheel = (event: WheelEvent) => {
      const by = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
      if (by === 0 || Math.abs(by) < Math.abs(event.shiftKey ? 0 : event.deltaY)) return;
      handle.scrollLeft += by;
      event.preventDefault();
    };
    const takeKey = (event: KeyboardEvent) => {
      if (event.key === "ArrowRight") handle.scrollLeft += 40;
      else if (event.key === "ArrowLeft") handle.scrollLeft -= 40;
    };
    handle.addEventListener("scroll", shift, { passive: true });
    rows.addEventListener("wheel", wheel, { passive: false });
    rows.addEventListener("keydown", takeKey);
    return () => {
      handle.removeEventListener("scroll", shift);
      rows.removeEventListener("wheel", wheel);
      rows.removeEventListener("keydown", takeKey);
      rows.style.removeProperty("--shift");
    };
  }, [frame, bar, isWrapped]);
}

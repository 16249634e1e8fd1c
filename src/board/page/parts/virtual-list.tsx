import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from "@tanstack/virtual-core";
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

/** List of which only the rows that are visible exist in the document. */
export interface VirtualListProps {
  count: number;
  /** Returns what identifies a row while others are added or removed before it. */
  keyOf: (index: number) => string | number;
  /** Returns the expected height of a row in pixels, before it is measured. */
  estimateHeight: (index: number) => number;
  render: (index: number) => ComponentChildren;
  /** Set to control the scrolling. */
  handle?: { current: VirtualListHandle | null };
  /**
   * `keep`: rows that are added before the visible ones do not move these. `end`: the list also follows rows that are added at its end while
   * that is visible.
   */
  anchor?: "keep" | "end";
  class?: string;
  /** Role and name of the list for those who cannot see it. */
  role?: "list" | "log" | "table" | "region";
  label: string;
  /** Called when the rows that are visible change. */
  onRange?: (first: number, last: number) => void;
}

/** Control of a list's scrolling. */
export interface VirtualListHandle {
  scrollTo: (index: number, align?: "start" | "center" | "end" | "auto") => void;
  /** Whether the end of the list is visible. */
  isAtEnd: () => boolean;
  element: () => HTMLElement | null;
  /** Row at the upper edge, and the number of its pixels that are above the edge. */
  atTop: () => { index: number; hidden: number } | undefined;
  /** Scrolls so that this number of a row's pixels is above the upper edge. */
  place: (index: number, hidden: number) => void;
}

/** Distance from the end, in pixels, within which a list counts as scrolled to its end. */
const END_DISTANCE = 24;

/** Shows a list of any length. */
export function VirtualList(props: VirtualListProps) {
  const { count, keyOf, estimateHeight, render, handle, anchor, label, onRange } = props;
  const element = useRef<HTMLDivElement>(null);
  const [, update] = useReducer((version: number) => version + 1, 0);
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, HTMLDivElement>(toOptions()));
  function toOptions(): VirtualizerOptions<HTMLDivElement, HTMLDivElement> {
    return {
      count,
      getScrollElement: () => element.current,
      estimateSize: estimateHeight,
      getItemKey: keyOf,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      overscan: 6,
      ...(anchor !== undefined && { anchorTo: "end", scrollEndThreshold: END_DISTANCE }),
      followOnAppend: anchor === "end",
      onChange: () => update(0),
    };
  }
  virtualizer.setOptions(toOptions());
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  useLayoutEffect(() => {
    if (handle === undefined) return;
    handle.current = toHandle(element, virtualizer);
  }, [handle, virtualizer]);
  const items = virtualizer.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  useLayoutEffect(() => onRange?.(first, last), [first, last, count]);
  return (
    <div
      ref={element}
      class={`virtual-list ${props.class ?? ""}`}
      role={props.role}
      aria-label={label}
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget || (event.key !== "Home" && event.key !== "End")) return;
        // The browser scrolls smoothly, which ends where a row turns out to have another height than expected.
        event.preventDefault();
        if (event.key === "Home") virtualizer.scrollToIndex(0, { align: "start" });
        else virtualizer.scrollToIndex(count - 1, { align: "end" });
      }}
    >
      <div class="virtual-rows" style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {items.map(({ key, index, start }) => (
          <div
            key={String(key)}
            class="virtual-row"
            data-index={index}
            ref={virtualizer.measureElement}
            style={{ transform: `translateY(${start}px)` }}
          >
            {render(index)}
          </div>
        ))}
      </div>
    </div>
  );
}

function toHandle(
  element: RefObject<HTMLDivElement | null>,
  virtualizer: Virtualizer<HTMLDivElement, HTMLDivElement>,
): VirtualListHandle {
  return {
    scrollTo: (index, align = "auto") => virtualizer.scrollToIndex(index, { align }),
    isAtEnd: () => {
      const list = element.current;
      return list === null || list.scrollHeight - list.scrollTop - list.clientHeight < END_DISTANCE;
    },
    element: () => element.current,
    atTop: () => {
      // Not the element's own, for which the browser would have to lay the page out.
      const top = virtualizer.scrollOffset ?? 0;
      const row = virtualizer.getVirtualItemForOffset(top);
      return row === undefined ? undefined : { index: row.index, hidden: top - row.start };
    },
    place: (index, hidden) => {
      const row = virtualizer.measurementsCache[index];
      if (row !== undefined) virtualizer.scrollToOffset(row.start + hidden);
    },
  };
}

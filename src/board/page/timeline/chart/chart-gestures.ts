import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Effects of gestures on the timeline. */
export interface ChartGestures {
  /** Moves the time by a part of the span; positive for later. */
  onPan: (part: number) => void;
  /** Changes the span. @param anchor place that stays, from 0 to 1 */
  onZoom: (factor: number, anchor: number) => void;
  /** Called with the place of the pointer above the content, in pixels; undefined when it leaves. */
  onPoint: (place: { x: number; y: number } | undefined) => void;
  /** Called for a click that is not the end of a drag. */
  onPress: (place: { x: number; y: number }, event: MouseEvent) => void;
}

/** Distance from which a press is a drag, in pixels. */
const DRAG_DISTANCE = 4;
/** Change of the span by one pixel of the wheel. */
const ZOOM_PER_PIXEL = 0.002;
/** Height of a line, for mice whose wheels count lines. */
const LINE_PIXELS = 20;

/** Makes an element listen to the wheel (with Ctrl: zoom, sideways or with Shift: pan) and to drags. */
export function useChartGestures(element: RefObject<HTMLElement | null>, gestures: ChartGestures): void {
  const latest = useRef(gestures);
  latest.current = gestures;
  useEffect(() => {
    const { current } = element;
    if (current === null) return;
    const ended = new AbortController();
    listenToWheel(current, latest, ended.signal);
    listenToPointer(current, latest, ended.signal);
    return () => ended.abort();
  }, [element]);
}

function listenToWheel(element: HTMLElement, latest: RefObject<ChartGestures>, signal: AbortSignal): void {
  const onWheel = (event: WheelEvent) => {
    const { left, width } = element.getBoundingClientRect();
    const scale = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PIXELS : 1;
    const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      latest.current?.onZoom(Math.exp(event.deltaY * scale * ZOOM_PER_PIXEL), (event.clientX - left) / width);
    } else if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey) {
      latest.current?.onPan((sideways * scale) / width);
    } else return;
    event.preventDefault();
  };
  // Passive listeners, which are the default of some browsers, cannot prevent the page's own zoom.
  element.addEventListener("wheel", onWheel, { passive: false, signal });
}

function listenToPointer(element: HTMLElement, latest: RefObject<ChartGestures>, signal: AbortSignal): void {
  let drag: { x: number; y: number; isMoved: boolean } | undefined;
  const placeOf = (event: MouseEvent) => {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top + element.scrollTop };
  };
  const on = <Name extends keyof HTMLElementEventMap>(name: Name, listen: (event: HTMLElementEventMap[Name]) => void) =>
    element.addEventListener(name, listen, { signal });
  on("pointerdown", (event) => {
    if (event.button === 0) drag = { x: event.clientX, y: event.clientY, isMoved: false };
  });
  on("pointermove", (event) => {
    if (drag === undefined || event.buttons === 0) {
      latest.current?.onPoint(placeOf(event));
      return;
    }
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.isMoved && Math.hypot(x, y) < DRAG_DISTANCE) return;
    if (!drag.isMoved) element.setPointerCapture(event.pointerId);
    drag = { x: event.clientX, y: event.clientY, isMoved: true };
    latest.current?.onPan(-x / element.clientWidth);
    // Fingers scroll by themselves.
    if (event.pointerType === "mouse") element.scrollTop -= y;
  });
  on("pointerleave", () => latest.current?.onPoint(undefined));
  on("dragstart", (event) => event.preventDefault());
  element.addEventListener(
    "click",
    (event) => {
      const isDragged = drag?.isMoved === true;
      drag = undefined;
      // Before the link under the pointer has it.
      if (isDragged) {
        event.preventDefault();
        event.stopPropagation();
      } else latest.current?.onPress(placeOf(event), event);
    },
    { capture: true, signal },
  );
}

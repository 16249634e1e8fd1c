import { useRef, useState } from "preact/hooks";
import { keepStored, readStored } from "#board/page/state/stored.ts";

/** Width of the left part in percent: its bounds, and the step of a key. */
const [MIN, MAX, STEP] = [20, 80, 3];
/** Usual width. */
const USUAL = 45;
const STORED_AS = "task-split";

/** Returns the width of the left part in percent, and a function that changes and remembers it. */
export function useSplit(): [width: number, setWidth: (width: number) => void] {
  const [width, setWidth] = useState(readWidth);
  return [
    width,
    (wanted) => {
      const next = Math.round(Math.min(MAX, Math.max(MIN, wanted)) * 10) / 10;
      setWidth(next);
      keepStored("browser", STORED_AS, next);
    },
  ];
}

function readWidth(): number {
  const stored = Number(readStored("browser", STORED_AS));
  return stored >= MIN && stored <= MAX ? stored : USUAL;
}

/** Shows the border between two parts, which the pointer and the arrow keys move. */
export function Divider({ width, onChange }: { width: number; onChange: (width: number) => void }) {
  const isDragging = useRef(false);
  const move = (event: PointerEvent) => {
    const frame = event.currentTarget instanceof HTMLElement ? event.currentTarget.parentElement : null;
    if (!isDragging.current || frame === null) return;
    const { left, width: whole } = frame.getBoundingClientRect();
    onChange(((event.clientX - left) / whole) * 100);
  };
  const press = (event: KeyboardEvent) => {
    const next = { ArrowLeft: width - STEP, ArrowRight: width + STEP, Home: MIN, End: MAX }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    onChange(next);
  };
  return (
    <div
      class="divider"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the conversation"
      aria-valuenow={Math.round(width)}
      aria-valuemin={MIN}
      aria-valuemax={MAX}
      tabIndex={0}
      onKeyDown={press}
      onPointerDown={(event) => {
        isDragging.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
        event.preventDefault();
      }}
      onPointerMove={move}
      onPointerUp={() => (isDragging.current = false)}
      onPointerCancel={() => (isDragging.current = false)}
    />
  );
}

import { taskAddress } from "#board/page/address/addresses.ts";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { BAR_HEIGHT, type PlacedRun } from "./lay-out.ts";

/** Returns what identifies a run on the timeline. */
export function keyOfPlaced(placed: PlacedRun): string;
/** Returns what identifies a run on the timeline; undefined for none. */
export function keyOfPlaced(placed: PlacedRun | undefined): string | undefined;
export function keyOfPlaced(placed: PlacedRun | undefined): string | undefined {
  return placed === undefined ? undefined : `${placed.run.id} ${placed.run.run}`;
}

/** Shows the link of the bar that is pointed at, or chosen by keys: the bars themselves are a picture. */
export function BarLink({
  placed,
  edges,
  width,
  label,
  isFocused,
  onBlur,
}: {
  placed: PlacedRun;
  edges: { left: number; right: number };
  width: number;
  label: string;
  isFocused: boolean;
  onBlur: () => void;
}) {
  const element = useRef<HTMLAnchorElement>(null);
  useLayoutEffect(() => {
    if (isFocused) element.current?.focus({ preventScroll: true });
  }, [isFocused]);
  const [, navigate] = useLocation();
  const address = taskAddress(placed.run.id);
  const onClick = (event: MouseEvent) => {
    // The browser opens a new tab or window by itself.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    navigate(address);
  };
  const left = Math.max(0, Math.min(edges.left, width - 2));
  const right = Math.max(left + 2, Math.min(edges.right, width));
  return (
    <a
      ref={element}
      href={address}
      class="timeline-bar"
      aria-label={label}
      onClick={onClick}
      onBlur={onBlur}
      style={{ left: `${left}px`, width: `${right - left}px`, top: `${placed.top}px`, height: `${BAR_HEIGHT}px` }}
    />
  );
}

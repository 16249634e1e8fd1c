import type { Tick } from "#board/page/timeline/time-view.ts";
import { MIN_BAR_WIDTH, type PlacedRun, type TimelineLayout } from "./lay-out.ts";

/** Part of the timeline that is drawn. */
export interface DrawnPart {
  layout: TimelineLayout;
  /** Times at the left and at the right. */
  from: number;
  to: number;
  now: number;
  /** Size in pixels, and the part of the height that lies above. */
  width: number;
  height: number;
  scrollTop: number;
  ticks: readonly Tick[];
}

/** Canvas with the part that is drawn on it, and functions that everything on it needs. */
export interface Drawing extends DrawnPart {
  canvas: CanvasRenderingContext2D;
  /** Returns the place of a time in pixels, at most somewhat outside. */
  x: (time: number) => number;
  style: (name: string) => string;
}

/** Returns the place of a time in pixels. */
export function placeOfTime({ from, to, width }: Pick<DrawnPart, "from" | "to" | "width">, time: number): number {
  return ((time - from) / (to - from)) * width;
}

/** Returns the edges of a run's bar in pixels. */
export function barOf(
  part: Pick<DrawnPart, "from" | "to" | "width" | "now">,
  { from, to }: PlacedRun,
): { left: number; right: number } {
  const left = placeOfTime(part, from);
  return { left, right: Math.max(left + MIN_BAR_WIDTH, placeOfTime(part, to ?? Math.max(from, part.now))) };
}

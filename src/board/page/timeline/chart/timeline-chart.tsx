import { taskAddress } from "#board/page/address/addresses.ts";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import type { TimelineRun } from "#board/api/usage.ts";
import { readServerTime, useServerTime } from "#board/page/state/clock.ts";
import { themeVersion } from "#board/page/style/theme.ts";
import { useSize } from "#board/page/layout/use-size.ts";
import { RunDetails } from "#board/page/timeline/runs/run-details.tsx";
import { describeRun } from "#board/page/timeline/runs/run-times.ts";
import { edgesOf, panView, type Tick, type TimeView, ticksBetween, zoomView } from "#board/page/timeline/time-view.ts";
import { BarLink, keyOfPlaced } from "./bar-link.tsx";
import { useChartGestures } from "./chart-gestures.ts";
import { drawTimeline } from "./draw-timeline.ts";
import { barOf, type DrawnPart, placeOfTime } from "./drawn-part.ts";
import { LaneNames } from "./lane-names.tsx";
import { BAR_HEIGHT, type LaneKey, layOut, type PlacedRun, type TimelineLayout } from "./lay-out.ts";
import { useStepKeys } from "./step-keys.ts";
import "./timeline-chart.css";

/** Smallest distance of two ticks, in pixels. */
const TICK_WIDTH = 90;
/** Distance from a bar within which it is meant, in pixels. */
const NEAR = 4;

/** Runs, and the part of them that the timeline shows. */
export interface TimelineChartProps {
  runs: readonly TimelineRun[];
  by: LaneKey;
  view: TimeView;
  onView: (change: (view: TimeView) => TimeView) => void;
}

/** Shows runs as bars over time. */
export function TimelineChart({ runs, by, view, onView }: TimelineChartProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const part = { ...usePart(scroller, runs, by, view), scrollTop };
  const [pointed, setPointed] = useState<string>();
  const [selected, setSelected] = useState<string>();
  const [, navigate] = useLocation();
  useChartGestures(scroller, {
    onPan: (change) => onView((before) => panView(before, change, readServerTime())),
    onZoom: (factor, anchor) => onView((before) => zoomView(before, factor, readServerTime(), anchor)),
    onPoint: (place) => setPointed(place === undefined ? undefined : keyOfPlaced(findAt(part, place))),
    onPress: (place, event) => {
      const hit = findAt(part, place);
      const isLink = event.target instanceof Element && event.target.closest("a") !== null;
      if (hit !== undefined && !isLink) navigate(taskAddress(hit.run.id));
    },
  });
  useStepKeys(part, selected, (placed) => {
    setSelected(keyOfPlaced(placed));
    scrollToRun(scroller.current, placed);
  });
  const active = findByKey(part, selected) ?? findByKey(part, pointed);
  return (
    <div class="timeline-chart">
      <Axis part={part} />
      <div
        ref={scroller}
        class="timeline-scroll"
        onScroll={({ currentTarget }) => setScrollTop(currentTarget.scrollTop)}
        tabIndex={0}
        role="group"
        aria-label={describeChart(part.layout)}
      >
        <Picture part={part} />
        <div class="timeline-content" style={{ height: `${part.layout.height}px` }}>
          <LaneNames layout={part.layout} from={scrollTop} to={scrollTop + part.height} />
          {active !== undefined && (
            <BarLink
              key={keyOfPlaced(active)}
              placed={active}
              edges={barOf(part, active)}
              width={part.width}
              label={describeRun(active.run, part.now)}
              isFocused={keyOfPlaced(active) === selected}
              onBlur={() => setSelected((key) => (key === keyOfPlaced(active) ? undefined : key))}
            />
          )}
        </div>
      </div>
      {active !== undefined && (
        <div class="timeline-details" style={placeDetails(active, part)}>
          <RunDetails run={active.run} now={part.now} />
        </div>
      )}
    </div>
  );
}

/** Returns the part that is shown now, which changes with time. */
function usePart(
  scroller: { current: HTMLElement | null },
  runs: readonly TimelineRun[],
  by: LaneKey,
  view: TimeView,
): Omit<DrawnPart, "scrollTop"> {
  const { width, height } = useSize(scroller, { width: 800, height: 400 });
  const size = { width: Math.max(1, width), height: Math.max(1, height) };
  const now = useServerTime();
  const { from, to } = edgesOf(view, now);
  const layout = useMemo(() => layOut(runs, by, view.span / size.width), [runs, by, view.span, size.width]);
  const ticks = ticksBetween(from, to, Math.max(2, Math.floor(size.width / TICK_WIDTH)));
  return { layout, from, to, now, ticks, ...size };
}

function Axis({ part }: { part: DrawnPart & { ticks: readonly Tick[] } }) {
  return (
    <div class="timeline-axis" aria-hidden="true">
      {part.ticks.map(({ time, label, isDay }) => (
        <span key={time} class={isDay ? "day" : undefined} style={{ left: `${placeOfTime(part, time)}px` }}>
          {label}
        </span>
      ))}
    </div>
  );
}

/** Shows the bars: the part of the picture that is visible, at any height of the whole. */
function Picture({ part }: { part: DrawnPart }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = themeVersion.value;
  useLayoutEffect(() => {
    if (canvas.current !== null) drawTimeline(canvas.current, part);
  }, [part, theme]);
  const { width, height } = part;
  return (
    <div class="timeline-canvas">
      <canvas ref={canvas} aria-hidden="true" style={{ width: `${width}px`, height: `${height}px` }} />
    </div>
  );
}

function describeChart({ runs, lanes }: TimelineLayout): string {
  const open = runs.filter(({ to }) => to === undefined).length;
  return `Timeline of ${runs.length} runs in ${lanes.length} lanes, ${open} not ended. j and k go through the runs.`;
}

function findByKey({ layout }: DrawnPart, key: string | undefined): PlacedRun | undefined {
  return key === undefined ? undefined : layout.runs.find((each) => keyOfPlaced(each) === key);
}

/** Returns the run whose bar is at a place; the most recent one is on top. */
function findAt(part: DrawnPart, { x, y }: { x: number; y: number }): PlacedRun | undefined {
  return part.layout.runs.findLast((each) => {
    if (y < each.top - NEAR || y > each.top + BAR_HEIGHT + NEAR) return false;
    const { left, right } = barOf(part, each);
    return x >= left - NEAR && x <= right + NEAR;
  });
}

function scrollToRun(scroller: HTMLElement | null, { top }: PlacedRun): void {
  if (scroller === null) return;
  const { scrollTop, clientHeight } = scroller;
  // The name of the lane stays above the bar.
  if (top < scrollTop + BAR_HEIGHT * 2) scroller.scrollTop = top - BAR_HEIGHT * 2;
  else if (top + BAR_HEIGHT * 2 > scrollTop + clientHeight) scroller.scrollTop = top + BAR_HEIGHT * 2 - clientHeight;
}

const DETAILS_WIDTH = 360;
const AXIS_HEIGHT = 26;

/** Returns the place of the details: below the bar, or above it in the lower half. */
function placeDetails(placed: PlacedRun, part: DrawnPart): Record<string, string> {
  const { left } = barOf(part, placed);
  const at = placed.top - part.scrollTop;
  const x = Math.max(8, Math.min(left, part.width - DETAILS_WIDTH - 8));
  const isUpper = at < part.height / 2;
  return {
    left: `${x}px`,
    ...(isUpper ? { top: `${AXIS_HEIGHT + at + BAR_HEIGHT + 10}px` } : { bottom: `${part.height - at + 8}px` }),
  };
}

import { formatNumber } from "#base/text.ts";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Timeline, TimelineRun } from "#board/api/usage.ts";
import { useKeys } from "#board/page/parts/keys.tsx";
import { withQuery } from "#board/page/source/board-source.ts";
import { readAddressQuery, useAddressQuery } from "#board/page/address/address-query.ts";
import { filterRuns, type LaneKey } from "#board/page/timeline/chart/lay-out.ts";
import { readServerTime, useServerTime } from "#board/page/state/clock.ts";
import { useRefreshedData } from "#board/page/history/refreshed-data.ts";
import { RunTable } from "#board/page/timeline/runs/run-table.tsx";
import { edgesOf, formatView, panView, parseView, SPANS, type TimeView, zoomView } from "./time-view.ts";
import { TimelineChart } from "#board/page/timeline/chart/timeline-chart.tsx";
import { TimelineLegend } from "./timeline-legend.tsx";
import { TimelineToolbar } from "./timeline-toolbar.tsx";
import "./timeline.css";

/** Shortest time between two requests of the runs, in milliseconds. */
const REFRESH_MS = 1000;
/** Time before and after the view whose runs are requested, as a part of its span. */
const MARGIN = 0.5;

/** State of the timeline that its address has. */
export interface TimelineState {
  view: TimeView;
  by: LaneKey;
  text: string;
  isTable: boolean;
}

/** Shows all runs over time. */
export function TimelineView() {
  const [state, setState] = useState(readState);
  const change = (next: Partial<TimelineState>) => setState((before) => ({ ...before, ...next }));
  const onView = (next: (view: TimeView) => TimeView) => setState((before) => ({ ...before, view: next(before.view) }));
  const { view, by, text, isTable } = state;
  useAddressQuery({
    ...formatView(view),
    by: by === "repository" ? undefined : by,
    q: text,
    show: isTable ? "table" : undefined,
  });
  useTimelineKeys(onView, () => setState((before) => ({ ...before, isTable: !before.isTable })));
  const { data, error } = useRefreshedData<Timeline>(useRequest(view), REFRESH_MS);
  const runs = useMemo(() => filterRuns(data?.runs ?? [], text), [data, text]);
  const now = useServerTime();
  const { from, to } = edgesOf(view, now);
  const shown = isTable ? runs.filter((run) => isBetween(run, from, to)) : runs;
  return (
    <div class="timeline-page">
      <TimelineToolbar state={state} onChange={change} onView={onView} />
      <div class="timeline-notes" role="status">
        {error !== undefined && <p class="failed">The runs cannot be read: {error.message}</p>}
        {(data?.left_out ?? 0) > 0 && (
          <p>{formatNumber(data?.left_out ?? 0)} older runs are not shown: choose a shorter time.</p>
        )}
        {data !== undefined && runs.length < data.runs.length && (
          <p>{formatNumber(data.runs.length - runs.length)} runs are hidden by the filter.</p>
        )}
        {data !== undefined && data.runs.length === 0 && <p>No task ran in this time.</p>}
      </div>
      {isTable ? (
        <RunTable runs={shown} now={now} />
      ) : (
        <TimelineChart runs={runs} by={by} view={view} onView={onView} />
      )}
      <TimelineLegend />
    </div>
  );
}

function isBetween({ queued_at, ended_at }: TimelineRun, from: number, to: number): boolean {
  return Date.parse(queued_at) <= to && (ended_at === undefined || Date.parse(ended_at) >= from);
}

function readState(): TimelineState {
  const query = readAddressQuery();
  return {
    view: parseView(query.get("span"), query.get("end")),
    by: query.get("by") === "host" ? "host" : "repository",
    text: query.get("q") ?? "",
    isTable: query.get("show") === "table",
  };
}

/** Returns the request for the runs of a view; it stays the same while it covers the view, and is not much longer. */
function useRequest(view: TimeView): string {
  const covered = useRef({ from: 0, to: 0 });
  const { from, to } = edgesOf(view, readServerTime());
  const length = covered.current.to - covered.current.from;
  if (from < covered.current.from || to > covered.current.to || length > view.span * 8) {
    // The future is part of it, so that the request stays the same while time passes.
    covered.current = { from: from - view.span * MARGIN, to: to + view.span * MARGIN };
  }
  const [start, end] = [new Date(covered.current.from), new Date(covered.current.to)];
  return withQuery("/api/timeline", { from: start.toISOString(), to: end.toISOString() });
}

function useTimelineKeys(onView: (next: (view: TimeView) => TimeView) => void, onTable: () => void): void {
  const latest = useRef({ onView, onTable });
  latest.current = { onView, onTable };
  const keys = useMemo(() => {
    const move = (next: (view: TimeView, now: number) => TimeView) => () =>
      latest.current.onView((view) => next(view, readServerTime()));
    return [
      { key: "+", does: "Show less time", run: move((view, now) => zoomView(view, 0.5, now)) },
      { key: "-", does: "Show more time", run: move((view, now) => zoomView(view, 2, now)) },
      { key: "ArrowLeft", does: "Earlier", run: move((view, now) => panView(view, -0.2, now)) },
      { key: "ArrowRight", does: "Later", run: move((view, now) => panView(view, 0.2, now)) },
      { key: "0", does: "Now", run: move(({ span }) => ({ span, end: undefined })) },
      ...SPANS.map(({ name, span }, index) => ({
        key: String(index + 1),
        does: name,
        run: move((view, now) => zoomView(view, span / view.span, now)),
      })),
      { key: "t", does: "Table or bars", run: () => latest.current.onTable() },
    ];
  }, []);
  useKeys("Timeline", keys);
}

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useSize } from "#board/page/layout/use-size.ts";
import { readStyle, themeVersion } from "#board/page/style/theme.ts";
import type { UsageByDay } from "./group-usage.ts";
import type { MeasureFacts } from "./measures.ts";

const HEIGHT = 220;
/** Smallest distance of two days that are named, in pixels. */
const DAY_WIDTH = 64;

/** Shows values by day as bars that are stacked. */
export function StackPlot({
  data,
  colours,
  measure,
  day,
  onDay,
}: {
  data: UsageByDay;
  /** Variables of the style with the colours of the series. */
  colours: readonly string[];
  measure: MeasureFacts;
  /** Place of the day that is read; undefined for none. */
  day: number | undefined;
  onDay: (day: number | undefined) => void;
}) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const { width } = useSize(element, { width: 0, height: 0 });
  const theme = themeVersion.value;
  const latest = useRef(onDay);
  latest.current = onDay;
  useEffect(() => {
    const { current } = element;
    if (current === null) return;
    const created = new uPlot(
      toPlotOptions(data, colours, measure, (at) => latest.current(at)),
      toStacks(data),
      current,
    );
    plot.current = created;
    return () => {
      plot.current = undefined;
      created.destroy();
    };
  }, [data, colours, measure, theme]);
  useLayoutEffect(() => plot.current?.setSize({ width, height: HEIGHT }), [width]);
  const move = (by: number) => {
    const next = day === undefined ? data.days.length - 1 : day + by;
    onDay(Math.max(0, Math.min(data.days.length - 1, next)));
  };
  return (
    <div
      ref={element}
      class="usage-plot"
      tabIndex={0}
      role="img"
      aria-label={`${measure.title}: ${describePlot(data, measure)}`}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        move(by);
      }}
      onBlur={() => onDay(undefined)}
    />
  );
}

function describePlot({ series, days }: UsageByDay, { format }: MeasureFacts): string {
  const total = series.reduce((sum, each) => sum + each.total, 0);
  return `${format(total)} in ${days.length} days. The arrow keys read single days; the table has all values.`;
}

/** Returns the data as uPlot draws it: each series includes all those below it, so the highest is drawn first. */
function toStacks({ days, series }: UsageByDay): uPlot.AlignedData {
  const sums: number[][] = [];
  for (const { values } of series) {
    const below = sums.at(-1);
    sums.push(values.map((value, at) => value + (below?.[at] ?? 0)));
  }
  // A bar without a height would still have an edge.
  const drawn = sums.map((all, index) => all.map((sum, at) => ((series[index]?.values[at] ?? 0) > 0 ? sum : null)));
  return [days.map((_, at) => at), ...drawn.toReversed()];
}

function toPlotOptions(
  { days, series }: UsageByDay,
  colours: readonly string[],
  { format, increments }: MeasureFacts,
  onDay: (day: number | undefined) => void,
): uPlot.Options {
  const [text, line, surface, font] = ["--text-weak", "--line", "--surface", "--sans"].map((name) => readStyle(name));
  const bars = uPlot.paths.bars?.({ size: [0.74, 48], align: 0, radius: 0 });
  const axis = { stroke: text ?? "", font: `12px ${font}`, ticks: { show: false } };
  return {
    width: 600,
    height: HEIGHT,
    padding: [10, 24, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: {
      x: { time: false, range: [-0.5, days.length - 0.5] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.05 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        grid: { show: false },
        splits: ({ width }) => splitDays(days.length, width),
        values: (_plot, splits) => splits.map((at) => formatDayName(days[at] ?? "")),
      },
      {
        ...axis,
        size: 58,
        grid: { stroke: line ?? "", width: 1 },
        incrs: increments,
        values: (_plot, splits) => splits.map((value) => (value === 0 ? "0" : shortenDuration(format(value)))),
      },
    ],
    series: [
      {},
      ...series.toReversed().map((each, index) => {
        const fill = readStyle(colours[series.length - 1 - index] ?? "--series-other");
        // Neighbours are told apart by a line, too.
        const drawn: uPlot.Series = { label: each.key, fill, stroke: surface ?? "", width: 1, points: { show: false } };
        if (bars !== undefined) drawn.paths = bars;
        return drawn;
      }),
    ],
    hooks: {
      setCursor: [({ cursor }) => onDay(cursor.idx ?? undefined)],
    },
  };
}

/** Returns a value without a second unit that is zero. */
function shortenDuration(text: string): string {
  return text.replace(/(?<=[dhm])00[hms]$/, "");
}

/** Returns the places of the days that are named, counted from the last one. */
function splitDays(count: number, width: number): number[] {
  const step = Math.max(1, Math.ceil((count * DAY_WIDTH) / width));
  const places: number[] = [];
  for (let at = count - 1; at >= 0; at -= step) places.unshift(at);
  return places;
}

const dayFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });

/** Returns a day of the calendar for people. */
export function formatDayName(day: string): string {
  const time = new Date(`${day}T00:00:00Z`);
  return Number.isNaN(time.getTime()) ? day : dayFormat.format(time);
}

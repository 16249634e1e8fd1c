import { nameFolders } from "#base/format-values.ts";
import type { TimelineRun } from "#board/api/usage.ts";

/** Property of runs by which the timeline has lanes. */
export type LaneKey = "repository" | "host";

/** Run with its place on the timeline. */
export interface PlacedRun {
  run: TimelineRun;
  /** Time at which its bar begins. */
  from: number;
  /** Time at which it left the queue; undefined if it has not, or never did. */
  start: number | undefined;
  /** Time at which it ended; undefined if it has not. */
  to: number | undefined;
  /** Upper edge of its bar in pixels. */
  top: number;
}

/** Lane with the runs of one repository or host. */
export interface Lane {
  key: string;
  name: string;
  top: number;
  height: number;
  count: number;
}

/** Line between two versions of one piece of work. */
export interface VersionLink {
  before: PlacedRun;
  after: PlacedRun;
}

/** All that the timeline shows. */
export interface TimelineLayout {
  lanes: Lane[];
  /** Runs in the order of reading: by lane, then by time. */
  runs: PlacedRun[];
  links: VersionLink[];
  height: number;
}

/** Height of a bar, and distance from one row to the next, in pixels. */
export const BAR_HEIGHT = 20;
const ROW_HEIGHT = 27;
/** Height of the name of a lane, and space below its rows, in pixels. */
const LANE_NAME_HEIGHT = 28;
const LANE_SPACE = 9;
/** Smallest width of a bar, and space between two of a row, in pixels. */
export const MIN_BAR_WIDTH = 6;
const BAR_SPACE = 3;

/** Places runs in lanes, and within a lane in rows in which they do not overlap. @param msPerPixel scale of time */
export function layOut(runs: readonly TimelineRun[], by: LaneKey, msPerPixel: number): TimelineLayout {
  const groups = Map.groupBy(runs, (run) => run[by]);
  const names = by === "repository" ? nameFolders([...groups.keys()]) : new Map<string, string>();
  const keys = [...groups.keys()].toSorted((a, b) => compare(names.get(a) ?? a, names.get(b) ?? b));
  const layout: TimelineLayout = { lanes: [], runs: [], links: [], height: 0 };
  for (const key of keys) {
    const placed = (groups.get(key) ?? []).map((run) => toPlaced(run)).toSorted((a, b) => a.from - b.from);
    const rows = packRows(placed.map((each) => ({ from: each.from, to: occupiedUntil(each, msPerPixel) })));
    const first = layout.height + LANE_NAME_HEIGHT;
    for (const [index, each] of placed.entries()) each.top = first + (rows[index] ?? 0) * ROW_HEIGHT;
    const count = rows.reduce((most, row) => Math.max(most, row + 1), 0);
    const height = LANE_NAME_HEIGHT + count * ROW_HEIGHT + LANE_SPACE;
    layout.lanes.push({ key, name: names.get(key) ?? key, top: layout.height, height, count: placed.length });
    layout.runs.push(...placed);
    layout.links.push(...linkVersions(placed));
    layout.height += height;
  }
  return layout;
}

/**
 * Returns the row of each interval, such that those of one row do not overlap, in as few rows as possible.
 * @param intervals in the order of their beginnings
 */
export function packRows(intervals: readonly { from: number; to: number }[]): number[] {
  const ends: number[] = [];
  return intervals.map(({ from, to }) => {
    const free = ends.findIndex((end) => end <= from);
    const row = free === -1 ? ends.length : free;
    ends[row] = to;
    return row;
  });
}

/** Returns the time at which another bar may begin in the row of a run: never, while the run has not ended. */
function occupiedUntil({ from, to }: PlacedRun, msPerPixel: number): number {
  if (to === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(to, from + MIN_BAR_WIDTH * msPerPixel) + BAR_SPACE * msPerPixel;
}

function toPlaced(run: TimelineRun): PlacedRun {
  const from = Date.parse(run.queued_at);
  const start = run.started_at === undefined ? undefined : Math.max(from, Date.parse(run.started_at));
  const to = run.ended_at === undefined ? undefined : Math.max(start ?? from, Date.parse(run.ended_at));
  return { run, from, start, to, top: 0 };
}

/** Returns the lines between runs of one piece of work. @param runs runs of a lane by time */
function linkVersions(runs: readonly PlacedRun[]): VersionLink[] {
  const last = new Map<string, PlacedRun>();
  return runs.flatMap((after) => {
    const key = JSON.stringify([after.run.repository, after.run.work]);
    const before = last.get(key);
    last.set(key, after);
    return before === undefined ? [] : [{ before, after }];
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Returns the runs that a text occurs in: in their titles, topics, repositories or hosts. */
export function filterRuns(runs: readonly TimelineRun[], text: string): readonly TimelineRun[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return runs;
  return runs.filter((run) =>
    [run.title, run.topic, run.repository, run.host, run.status].some((each) => each.toLowerCase().includes(wanted)),
  );
}

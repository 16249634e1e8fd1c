import type { TimelineMark } from "#board/api/usage.ts";
import { BAR_HEIGHT, type Lane, type PlacedRun, type VersionLink } from "./lay-out.ts";
import { OUTCOME_STYLES } from "#board/page/history/outcome-style.ts";
import { readStyle } from "#board/page/style/theme.ts";
import { barOf, type Drawing, type DrawnPart, placeOfTime } from "./drawn-part.ts";
import { drawTitle, drawTitlesBeside } from "./draw-titles.ts";

/** Distance outside the picture at which lines are cut: beyond some millions of pixels, canvases draw nothing. */
const OUTSIDE = 50;

/** Draws a part of the timeline. */
export function drawTimeline(element: HTMLCanvasElement, part: DrawnPart): void {
  const canvas = element.getContext("2d");
  if (canvas === null) return;
  const { width, height, scrollTop, layout } = part;
  const ratio = window.devicePixelRatio;
  const [pixelsWide, pixelsHigh] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (element.width !== pixelsWide) element.width = pixelsWide;
  if (element.height !== pixelsHigh) element.height = pixelsHigh;
  canvas.setTransform(ratio, 0, 0, ratio, 0, 0);
  canvas.clearRect(0, 0, width, height);
  const styles = new Map<string, string>();
  const drawing: Drawing = {
    ...part,
    canvas,
    x: (time) => Math.min(width + OUTSIDE, Math.max(-OUTSIDE, placeOfTime(part, time))),
    style: (name) => {
      const known = styles.get(name) ?? readStyle(name);
      styles.set(name, known);
      return known;
    },
  };
  drawGrid(drawing);
  canvas.translate(0, -scrollTop);
  const isVisible = ({ top }: { top: number }) => top < scrollTop + height && top + BAR_HEIGHT * 2 > scrollTop;
  for (const lane of layout.lanes) drawLane(drawing, lane);
  for (const link of layout.links) if (isVisible(link.before) || isVisible(link.after)) drawLink(drawing, link);
  const shown = listShown(part).filter((each) => isVisible(each));
  canvas.font = `12px ${drawing.style("--sans")}`;
  canvas.textBaseline = "middle";
  for (const placed of shown) drawBar(drawing, placed);
  drawTitlesBeside(drawing, shown);
  for (const placed of shown) for (const mark of placed.run.marks) drawMark(drawing, placed, mark);
}

/** Returns the runs that lie, at least in part, between the left and the right edge. */
export function listShown({ layout, from, to, now }: Pick<DrawnPart, "layout" | "from" | "to" | "now">): PlacedRun[] {
  return layout.runs.filter((each) => each.from <= to && (each.to ?? now) >= from);
}

function drawGrid({ canvas, ticks, x, height, style, now, from, to }: Drawing): void {
  for (const { time, isDay } of ticks) {
    canvas.fillStyle = style("--line");
    canvas.globalAlpha = isDay ? 1 : 0.45;
    canvas.fillRect(Math.round(x(time)), 0, 1, height);
  }
  canvas.globalAlpha = 1;
  if (now < from || now > to) return;
  canvas.fillStyle = style("--accent");
  canvas.fillRect(Math.round(x(now)), 0, 1, height);
}

function drawLane({ canvas, width, style }: Drawing, { top, height }: Lane): void {
  canvas.fillStyle = style("--line");
  canvas.fillRect(0, top + height - 1, width, 1);
}

function drawLink({ canvas, x, style, now }: Drawing, { before, after }: VersionLink): void {
  const [x1, y1] = [x(before.to ?? now), before.top + BAR_HEIGHT / 2];
  const [x2, y2] = [x(after.from), after.top + BAR_HEIGHT / 2];
  canvas.strokeStyle = style("--text-weak");
  canvas.lineWidth = 1.5;
  canvas.setLineDash([2, 3]);
  canvas.globalAlpha = 0.6;
  canvas.beginPath();
  canvas.moveTo(x1, y1);
  if (y1 === y2) canvas.lineTo(x2, y2);
  else canvas.bezierCurveTo(x1 + 14, y1, x2 - 14, y2, x2, y2);
  canvas.stroke();
  canvas.globalAlpha = 1;
  canvas.setLineDash([]);
}

function drawBar(drawing: Drawing, placed: PlacedRun): void {
  const { canvas, x, style, now } = drawing;
  const { run, top } = placed;
  const { line, ground, sign } = OUTCOME_STYLES[run.status];
  const edges = barOf(drawing, placed);
  const [left, right] = [Math.max(-OUTSIDE, edges.left), Math.min(drawing.width + OUTSIDE, edges.right)];
  if (right < left) return;
  const start = Math.min(right, placed.start === undefined ? right : x(placed.start));
  canvas.save();
  canvas.beginPath();
  canvas.roundRect(left, top, right - left, BAR_HEIGHT, Math.min(4, (right - left) / 2));
  canvas.fillStyle = style("--surface");
  canvas.fill();
  canvas.clip();
  if (start > left) drawHatching(drawing, { left, right: start, top, isWeak: placed.start === undefined });
  canvas.fillStyle = style(ground);
  canvas.fillRect(start, top, right - start, BAR_HEIGHT);
  canvas.fillStyle = style(line);
  // Narrow bars consist of their edge; a line below it tells failures apart without colours, a hollow one cancelled runs.
  if (run.status === "failed") canvas.fillRect(left, top + BAR_HEIGHT - 3, right - left, 3);
  if (run.status !== "cancelled") canvas.fillRect(start, top, Math.min(3, right - start), BAR_HEIGHT);
  canvas.restore();
  canvas.strokeStyle = style(line);
  canvas.lineWidth = 1;
  canvas.setLineDash(run.status === "waiting" || run.status === "queued" ? [3, 2] : []);
  canvas.beginPath();
  canvas.roundRect(left + 0.5, top + 0.5, right - left - 1, BAR_HEIGHT - 1, Math.min(4, (right - left) / 2));
  canvas.stroke();
  canvas.setLineDash([]);
  if (placed.to === undefined && now >= drawing.from) drawOpenEnd(drawing, right, top, line);
  drawTitle(drawing, {
    title: run.title,
    sign,
    line,
    left: Math.max(placed.start === undefined ? left : start, 0),
    right: Math.min(right, drawing.width),
    top,
  });
}

/** Draws the time in the queue. @param isWeak whether a title is drawn on it */
function drawHatching(
  { canvas, style }: Drawing,
  { left, right, top, isWeak }: { left: number; right: number; top: number; isWeak: boolean },
): void {
  canvas.strokeStyle = style("--text-weak");
  canvas.globalAlpha = isWeak ? 0.45 : 0.7;
  canvas.lineWidth = 1;
  canvas.beginPath();
  for (let at = left - BAR_HEIGHT; at < right; at += 5) {
    canvas.moveTo(at, top + BAR_HEIGHT);
    canvas.lineTo(at + BAR_HEIGHT, top);
  }
  canvas.stroke();
  canvas.globalAlpha = 1;
}

/** Draws the end of a bar that grows. */
function drawOpenEnd({ canvas, style }: Drawing, right: number, top: number, line: string): void {
  canvas.fillStyle = style(line);
  canvas.beginPath();
  canvas.moveTo(right, top + 3);
  canvas.lineTo(right + 6, top + BAR_HEIGHT / 2);
  canvas.lineTo(right, top + BAR_HEIGHT - 3);
  canvas.fill();
}

/** Draws a moment: a disc for messages, a diamond for questions, a hollow one for answers. */
function drawMark({ canvas, x, style, from, to }: Drawing, { top }: PlacedRun, { at, kind }: TimelineMark): void {
  const time = Date.parse(at);
  if (time < from || time > to) return;
  const [center, middle] = [x(time), top + BAR_HEIGHT + 1];
  canvas.beginPath();
  if (kind === "message") canvas.arc(center, middle, 3.5, 0, Math.PI * 2);
  else {
    canvas.moveTo(center, middle - 5);
    canvas.lineTo(center + 5, middle);
    canvas.lineTo(center, middle + 5);
    canvas.lineTo(center - 5, middle);
    canvas.closePath();
  }
  canvas.fillStyle = kind === "answer" ? style("--surface") : style(kind === "message" ? "--accent" : "--warn");
  canvas.fill();
  canvas.strokeStyle = kind === "message" ? style("--surface") : style("--warn");
  canvas.lineWidth = 1.5;
  canvas.stroke();
}

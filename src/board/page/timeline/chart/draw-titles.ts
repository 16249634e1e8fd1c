import { makeVisible } from "#base/visible-text.ts";
import { barOf, type Drawing } from "./drawn-part.ts";
import { BAR_HEIGHT, type PlacedRun } from "./lay-out.ts";

/** Widths from which a bar has its sign and its title. */
const SIGN_WIDTH = 18;
const TITLE_WIDTH = 60;
/** Longest title that is drawn, in characters. */
const MAX_TITLE = 200;
/** Widths of the place that a title beside its bar needs, and that it takes at most, in pixels. */
const BESIDE_WIDTH = { least: 70, most: 320 };
/** Distance of a title from its bar, which may have an arrow, in pixels. */
const BESIDE_SPACE = 10;

/** Draws the sign and the title of a run on its bar, as far as there is room. */
export function drawTitle(
  { canvas, style }: Drawing,
  bar: { title: string; sign: string; line: string; left: number; right: number; top: number },
): void {
  const { title, sign, line, left, right, top } = bar;
  if (right - left < SIGN_WIDTH) return;
  const middle = top + BAR_HEIGHT / 2 + 1;
  canvas.save();
  canvas.beginPath();
  canvas.rect(left, top, right - left - 4, BAR_HEIGHT);
  canvas.clip();
  canvas.fillStyle = style(line);
  canvas.font = `bold 11px ${style("--sans")}`;
  canvas.fillText(sign, left + 7, middle);
  if (right - left >= TITLE_WIDTH) {
    canvas.fillStyle = style("--text");
    canvas.font = `12px ${style("--sans")}`;
    canvas.fillText(makeVisible(title.slice(0, MAX_TITLE)), left + 23, middle);
  }
  canvas.restore();
}

/** Draws the titles of runs whose bars are too narrow for them beside these, where no other bar is. */
export function drawTitlesBeside(drawing: Drawing, shown: readonly PlacedRun[]): void {
  for (const row of Map.groupBy(shown, ({ top }) => top).values()) {
    const bars = row
      .map((placed) => ({ placed, edges: barOf(drawing, placed) }))
      .toSorted((one, other) => one.edges.left - other.edges.left);
    let taken = 0;
    for (const [index, { placed, edges }] of bars.entries()) {
      const { left, right } = edges;
      const next = bars[index + 1]?.edges.left ?? drawing.width;
      const before = taken;
      taken = Math.max(taken, right);
      const start = placed.start === undefined ? left : Math.max(left, drawing.x(placed.start));
      if (right - start >= TITLE_WIDTH) continue;
      const isAfter = next - right >= BESIDE_WIDTH.least;
      const room = isAfter ? next - right : left - before;
      if (room < BESIDE_WIDTH.least) continue;
      const width = Math.min(room - BESIDE_SPACE * 2, BESIDE_WIDTH.most);
      drawBeside(drawing, placed, isAfter ? right + BESIDE_SPACE : left - BESIDE_SPACE, isAfter, width);
      if (isAfter) taken = right + BESIDE_SPACE * 2 + width;
    }
  }
}

function drawBeside({ canvas, style }: Drawing, placed: PlacedRun, at: number, isAfter: boolean, width: number): void {
  canvas.fillStyle = style("--text-weak");
  canvas.textAlign = isAfter ? "left" : "right";
  const text = fitText(canvas, makeVisible(placed.run.title.slice(0, MAX_TITLE)), width);
  canvas.fillText(text, at, placed.top + BAR_HEIGHT / 2 + 1);
  canvas.textAlign = "left";
}

/** Returns a text, cut with an ellipsis if it is wider than some pixels. */
function fitText(canvas: Pick<CanvasRenderingContext2D, "measureText">, text: string, width: number): string {
  const whole = canvas.measureText(text).width;
  if (whole <= width) return text;
  let end = Math.ceil((text.length * width) / whole);
  while (end > 0 && canvas.measureText(`${text.slice(0, end)}…`).width > width) end--;
  // Half a character is none.
  return `${text
    .slice(0, end)
    .replace(/[\ud800-\udbff]$/, "")
    .trimEnd()}…`;
}

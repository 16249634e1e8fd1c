import type { Run, Screen } from "./screen.ts";

/** Colours of a picture; those of a terminal by their number. */
export interface Theme {
  background: string;
  border: string;
  text: string;
  dim: string;
  colours: Readonly<Record<number, string>>;
}

/** Themes as GitHub's pages have them. */
export const THEMES = {
  light: {
    background: "#ffffff",
    border: "#d1d9e0",
    text: "#1f2328",
    dim: "#59636e",
    colours: { 1: "#cf222e", 2: "#1a7f37", 3: "#9a6700", 4: "#0969da", 6: "#0550ae" },
  },
  dark: {
    background: "#0d1117",
    border: "#3d444d",
    text: "#f0f6fc",
    dim: "#9198a1",
    colours: { 1: "#ff7b72", 2: "#3fb950", 3: "#d29922", 4: "#58a6ff", 6: "#79c0ff" },
  },
} as const satisfies Record<string, Theme>;

/** Width of a column and height of a line, of a font of 14 pixels. */
export const CELL = { width: 8.4, height: 19 } as const;
/** Space around the text. */
export const MARGIN = { left: 16, top: 46, bottom: 12 } as const;
/** Lines that are seen at once. */
const ROWS = 28;
/** Time that the last lines stay before the picture starts again, in seconds. */
const LAST_S = 8;
const FONT = "ui-monospace,SFMono-Regular,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

/** Shape of a picture. */
interface Shape {
  columns: number;
  title: string;
  /** Description for those who do not see it. */
  description: string;
}

/**
 * Draws a terminal that shows its lines one after the other and scrolls, by CSS alone. All text stands there from the beginning; a curtain
 * of the background's colour moves down over it. Those who prefer reduced motion see the end.
 */
export function drawScreen({ lines, moments }: Screen, theme: Theme, { columns, title, description }: Shape): string {
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN.left);
  const height = MARGIN.top + ROWS * CELL.height + MARGIN.bottom;
  const seconds = (moments.at(-1)?.at ?? 0) + LAST_S;
  const scroll = (count: number) => -Math.max(0, count - ROWS) * CELL.height;
  const curtain = (count: number) => count * CELL.height;
  const keyframes = (name: string, offset: (count: number) => number) => {
    const steps = [{ at: 0, lines: 0 }, ...moments].map((moment) => {
      return `${round((moment.at / seconds) * 100)}%{transform:translateY(${offset(moment.lines)}px)}`;
    });
    return `@keyframes ${name}{${steps.join("")}}`;
  };
  const texts = lines.map((runs, index) => drawLine(runs, index, theme)).filter((line) => line !== "");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escape(title)}</title>
<desc>${escape(description)}</desc>
<style>
text{font:14px ${FONT};fill:${theme.text};white-space:pre}
.d{fill:${theme.dim}}
.b{font-weight:600}
${Object.entries(theme.colours)
  .map(([number, colour]) => `.c${number}{fill:${colour}}`)
  .join("\n")}
.s{transform:translateY(${scroll(lines.length)}px)}
.k{transform:translateY(${curtain(lines.length)}px)}
@media (prefers-reduced-motion:no-preference){
.s{animation:s ${round(seconds)}s step-end infinite}
.k{animation:k ${round(seconds)}s step-end infinite}
}
${keyframes("s", scroll)}
${keyframes("k", curtain)}
</style>
<clipPath id="screen"><rect x="1" y="${MARGIN.top}" width="${width - 2}" height="${ROWS * CELL.height}"/></clipPath>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8" fill="${theme.background}" stroke="${theme.border}"/>
<path d="M0 34.5H${width}" stroke="${theme.border}"/>
<g fill="${theme.border}"><circle cx="20" cy="18" r="5.5"/><circle cx="38" cy="18" r="5.5"/><circle cx="56" cy="18" r="5.5"/></g>
<text class="d" x="${width / 2}" y="23" text-anchor="middle">${escape(title)}</text>
<g clip-path="url(#screen)"><g class="s">
${texts.join("\n")}
<rect class="k" x="1" y="${MARGIN.top}" width="${width - 2}" height="${(lines.length + ROWS) * CELL.height}" fill="${theme.background}"/>
</g></g>
</svg>
`;
}

function drawLine(runs: readonly Run[], index: number, theme: Theme): string {
  if (runs.length === 0) return "";
  const spans = runs.map((run) => {
    const isKnown = run.colour !== undefined && run.colour in theme.colours;
    const classes = [run.isDim && "d", run.isBold && "b", isKnown && `c${run.colour}`].filter(Boolean).join(" ");
    const attribute = classes === "" ? "" : ` class="${classes}"`;
    return `<tspan x="${round(MARGIN.left + run.column * CELL.width)}"${attribute}>${escape(run.text)}</tspan>`;
  });
  return `<text y="${MARGIN.top + index * CELL.height + 14}">${spans.join("")}</text>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

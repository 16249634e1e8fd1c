import { Terminal } from "@xterm/headless";
import type { Cast } from "./cast.ts";

/** Part of a line in one style. */
export interface Run {
  /** Column at which it begins. */
  column: number;
  text: string;
  isBold: boolean;
  isDim: boolean;
  /** Number of one of the terminal's colours. */
  colour: number | undefined;
}

/** Contents of a terminal at the end of a recording, with the times at which lines were added. */
export interface Screen {
  lines: Run[][];
  /** Moments at which lines were completed, each with the number of lines that there were then. */
  moments: { at: number; lines: number }[];
}

/**
 * Plays a recording on a terminal.
 * @throws if the recording does more than add lines
 */
export async function playCast({ width, height, outputs }: Cast): Promise<Screen> {
  const terminal = new Terminal({ cols: width, rows: height, scrollback: 10_000, allowProposedApi: true });
  const { active } = terminal.buffer;
  const moments: Screen["moments"] = [];
  let shown: string[] = [];
  for (const { at, text } of outputs) {
    await new Promise<void>((resolve) => terminal.write(text, resolve));
    const count = active.baseY + active.cursorY;
    const now = Array.from({ length: count }, (_, y) => active.getLine(y)?.translateToString(true) ?? "");
    if (shown.some((line, y) => line !== now[y])) throw new Error(`A line was changed after it was shown, at ${at} s.`);
    if (now.length > shown.length) moments.push({ at, lines: now.length });
    shown = now;
  }
  const lines = shown.map((_, y) => readRuns(terminal, y));
  terminal.dispose();
  return { lines, moments };
}

function readRuns(terminal: Terminal, y: number): Run[] {
  const line = terminal.buffer.active.getLine(y);
  const runs: Run[] = [];
  for (let column = 0; column < terminal.cols; column++) {
    const cell = line?.getCell(column);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const text = cell.getChars() || " ";
    const style = {
      isBold: cell.isBold() !== 0,
      isDim: cell.isDim() !== 0,
      colour: cell.isFgPalette() ? cell.getFgColor() : undefined,
    };
    const last = runs.at(-1);
    if (last !== undefined && isSameStyle(last, style)) last.text += text;
    else runs.push({ column, text, ...style });
  }
  return runs.flatMap(splitAtGaps);
}

type Style = Pick<Run, "isBold" | "isDim" | "colour">;

function isSameStyle(one: Style, other: Style): boolean {
  return one.isBold === other.isBold && one.isDim === other.isDim && one.colour === other.colour;
}

/** Splits a run where the width of a font could shift what follows: at several spaces, and after symbols. */
function splitAtGaps(run: Run): Run[] {
  const parts = run.text.matchAll(/[^ ](?: ?[!-~“”])*/g);
  return Array.from(parts, (part) => ({ ...run, column: run.column + part.index, text: part[0] }));
}

import { isatty } from "node:tty";
import { compose, join, multiline, paint, render, type Text } from "#cli/terminal/style.ts";

/** Largest width of a line in columns. */
export const WIDTH = 100;
/** Width of the column that names who acts. */
const LABEL_WIDTH = 5;
const INDENT = "  ";
const GAP = "  ";
/** Width of what stands beside a label. */
const BODY_WIDTH = WIDTH - INDENT.length - LABEL_WIDTH - GAP.length;
/** Most lines of a model's answer; a real one may write pages. */
const MAX_QUOTED_LINES = 8;

/** Prints the demo: acts with a title, lines with the name of who acts. */
export class Story {
  #isSilent: boolean;
  readonly #hasColour = hasColour();
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #acts = 0;

  /** @param options with `isSilent`, nothing is printed, as beside JSON */
  constructor({ isSilent }: { isSilent: boolean }) {
    this.#isSilent = isSilent;
  }

  /** Prints nothing more. */
  silence(): void {
    this.#isSilent = true;
  }

  /** Begins an act. */
  act(title: string): void {
    this.heading(`${++this.#acts}  ${title}`);
  }

  /** Prints a heading without a number. */
  heading(title: string): void {
    this.#print(this.#render(compose`\n${paint(title, "bold")}`));
  }

  /** Prints a line without a label. */
  tell(text: Text): void {
    this.#print(this.#render(text));
  }

  /** Prints a call of a tool by the agent, and what it is about. */
  agent(tool: string, about: Text): void {
    this.line("agent", compose`${paint(tool, "cyan")} ${about}`);
  }

  /** Prints a line beside a label. */
  line(label: string, text: Text): void {
    this.output(label, this.#render(text));
  }

  /** Prints a line of a program, which may hold escape sequences for colours, beside a label. */
  output(label: string, line: string): void {
    const styled = this.#render(paint(label.padEnd(LABEL_WIDTH), "dim"));
    this.#print(`${INDENT}${styled}${GAP}${line}`);
    this.#counts.set(label, this.lines(label) + 1);
    for (const wake of this.#waiting) wake();
  }

  /** Prints a text of the model, wrapped and in quotes. */
  quote(text: string): void {
    const lines = Bun.wrapAnsi(`“${text.trim()}”`, BODY_WIDTH).split("\n");
    const quoted = lines.length > MAX_QUOTED_LINES ? [...lines.slice(0, MAX_QUOTED_LINES - 1), "…"] : lines;
    quoted.forEach((line, index) => this.line(index === 0 ? "codex" : "", line));
  }

  /** Prints lines of a table or of another text as they are. */
  block(lines: readonly string[]): void {
    for (const line of lines) this.#print(`${INDENT}${line}`);
  }

  /** Returns the number of lines that were printed beside a label. */
  lines(label: string): number {
    return this.#counts.get(label) ?? 0;
  }

  /** Waits until a number of lines was printed beside a label. */
  async printed(label: string, count: number): Promise<void> {
    while (this.lines(label) < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
      this.#waiting.delete(resolve);
    }
  }

  #render(text: Text): string {
    return render(multiline(text), { isTerminal: true, hasColour: true });
  }

  #print(text: string): void {
    if (this.#isSilent) return;
    const lines = text.split("\n").map((line) => cut(line.trimEnd()));
    const shown = lines.join("\n");
    console.log(this.#hasColour ? shown : Bun.stripANSI(shown));
  }
}

/** Checks whether standard output gets colours; see no-color.org and force-color.org. */
function hasColour(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== "0";
  return isatty(1) && TERM !== "dumb";
}

/** Joins facts by commas, without those that there are not. */
export function facts(...all: readonly (Text | undefined)[]): Text {
  return join(
    all.filter((each): each is Text => each !== undefined && each !== ""),
    ", ",
  );
}

function cut(line: string): string {
  return Bun.stringWidth(line) <= WIDTH ? line : `${Bun.sliceAnsi(line, 0, WIDTH - 1)}…`;
}

import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { errnoOf } from "#lib/errors.ts";

const STDOUT = 1;

/** Whether a person reads what is printed, and not a file or another program. */
export function isTerminal(): boolean {
  return isatty(STDOUT);
}

/** Columns of the terminal; no limit where the output goes elsewhere. */
export function terminalWidth(): number {
  return isTerminal() ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
}

/** Writes a text to stdout whole; who closes the pipe early (`head`) ends this program quietly. */
export function print(text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(STDOUT, rest));
    } catch (error) {
      if (errnoOf(error) === "EPIPE") process.exit(0);
      // A pipe that is full, and that somebody made non-blocking.
      if (errnoOf(error) !== "EAGAIN") throw error;
      Bun.sleepSync(1);
    }
  }
}

/** Writes lines to stdout. */
export function printLines(lines: readonly string[]): void {
  print(lines.map((line) => `${line}\n`).join(""));
}

/** Writes a value as JSON, for other programs. */
export function printJson(value: unknown): void {
  print(`${JSON.stringify(value, null, 2)}\n`);
}

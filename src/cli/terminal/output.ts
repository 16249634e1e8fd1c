/* oxlint-disable no-restricted-imports, no-restricted-properties -- this is the place that they are kept for */
import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { errnoOf } from "#base/errors.ts";
import { decodeBytes, makeVisible } from "#base/visible-text.ts";
import { compose, type Medium, multiline, render, type Text } from "./style.ts";

// All that commands write goes through this file: a terminal gets every text in a visible form, pipes and files get it as it is.

const STDOUT = 1;
const STDERR = 2;

/** Whether a person reads what is printed, and not a file or another program. */
export function isTerminal(): boolean {
  return isatty(STDOUT);
}

/** Columns of the terminal; no limit where the output goes elsewhere. */
export function terminalWidth(): number {
  return isTerminal() ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
}

/** Size of the terminal in columns and lines. */
export function terminalSize(): { width: number; height: number } {
  return { width: process.stdout.columns || 80, height: process.stdout.rows || 24 };
}

/** Calls a function whenever the terminal has become larger or smaller. @returns what ends that */
export function whenResized(listener: () => void): () => void {
  process.stdout.on("resize", listener);
  return () => process.stdout.off("resize", listener);
}

/** Writes a text to stdout whole, without a line end. */
export function print(printed: Text): void {
  write(STDOUT, render(printed, mediumOf(STDOUT)));
}

/** Writes lines to stdout. */
export function printLines(lines: readonly Text[]): void {
  write(STDOUT, renderLines(STDOUT, lines));
}

/** Writes lines to stderr; where nobody reads it any more, that is no reason to end. */
export function printErrors(lines: readonly Text[]): void {
  try {
    write(STDERR, renderLines(STDERR, lines));
  } catch {
    // Closed.
  }
}

/** Writes lines to a terminal without waiting for it: one that stands still holds nobody up. */
export function printWithoutWaiting(lines: readonly Text[]): void {
  process.stdout.write(renderLines(STDOUT, lines));
}

/** Writes a value as JSON, for other programs; on a terminal, what would not be seen is escaped as JSON does it. */
export function printJson(value: unknown): void {
  const json = `${JSON.stringify(value, null, 2)}\n`;
  write(STDOUT, isTerminal() ? escapeInJson(json) : json);
}

/** Writes bytes as they are into a pipe or file; a terminal gets them in a visible form. */
export function printBytes(bytes: Buffer): void {
  write(STDOUT, isTerminal() ? makeVisible(decodeBytes(bytes), true) : bytes);
}

/** Returns JSON of the same value in which every character can be seen. */
export function escapeInJson(json: string): string {
  return json.replace(/[^\n -~]/gv, (character) => {
    if (makeVisible(character) === character) return character;
    return character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  });
}

function renderLines(file: number, lines: readonly Text[]): string {
  const medium = mediumOf(file);
  return lines.map((line) => render(compose`${line}${LINE_END}`, medium)).join("");
}

const LINE_END = multiline("\n");

function mediumOf(file: number): Medium {
  const isTty = isatty(file);
  // no-color.org
  return { isTerminal: isTty, hasColour: isTty && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb" };
}

/** The second where the pipe is a socket, as Node's and Bun's are, that was closed with something unread. */
const READER_IS_GONE: ReadonlySet<string | undefined> = new Set(["EPIPE", "ECONNRESET"]);

/** Who closes the pipe early (`head`) ends this program quietly. */
function write(file: number, written: string | Buffer): void {
  let rest = Buffer.from(written);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(file, rest));
    } catch (error) {
      if (file === STDOUT && READER_IS_GONE.has(errnoOf(error))) process.exit(0);
      // A pipe that is full, and that somebody made non-blocking.
      if (errnoOf(error) !== "EAGAIN") throw error;
      Bun.sleepSync(1);
    }
  }
}

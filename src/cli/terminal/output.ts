/* oxlint-disable no-restricted-imports, no-restricted-properties -- only this file writes to stdout and stderr */
import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { AppError, errnoOf } from "#base/errors.ts";
import { decodeBytes, makeVisible } from "#base/visible-text.ts";
import { compose, join, type Medium, multiline, render, type Text } from "./style.ts";

// Commands write only through this file: it makes texts visible on a terminal and writes them unchanged to pipes and files.

const STDOUT = 1;
const STDERR = 2;

/** Checks whether the output goes to a terminal, not to a file or another program. */
export function isTerminal(): boolean {
  return isatty(STDOUT);
}

/** Checks whether the standard error goes to a terminal. */
export function isErrorTerminal(): boolean {
  return isatty(STDERR);
}

/** Returns the width of the terminal of the standard error in columns. */
export function errorTerminalWidth(): number {
  return process.stderr.columns || 80;
}

/** Returns the width of the terminal in columns; infinite if the output goes elsewhere. */
export function terminalWidth(): number {
  return isTerminal() ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
}

/** Returns the size of the terminal in columns and lines. */
export function terminalSize(): { width: number; height: number } {
  return { width: process.stdout.columns || 80, height: process.stdout.rows || 24 };
}

/**
 * Calls a function whenever the size of the terminal changes.
 * @returns a function that removes the listener
 */
export function onTerminalResize(listener: () => void): () => void {
  process.stdout.on("resize", listener);
  return () => process.stdout.off("resize", listener);
}

/** Writes a text to stdout without a line feed. */
export function print(text: Text): void {
  write(STDOUT, render(text, mediumOf(STDOUT)));
}

/** Writes lines to stdout. */
export function printLines(lines: readonly Text[]): void {
  write(STDOUT, renderLines(STDOUT, lines));
}

/** Returns what a terminal gets for a text, for a program that shows it there. */
export function renderForTerminal(text: Text): string {
  return render(text, mediumOf(STDOUT));
}

/** Writes lines to stderr. A closed stderr is ignored. */
export function printErrors(lines: readonly Text[]): void {
  printErrorText(
    join(
      lines.map((line) => compose`${line}${LINE_END}`),
      "",
    ),
  );
}

/** Writes a text to stderr without a line feed. */
export function printErrorText(text: Text): void {
  try {
    write(STDERR, render(text, mediumOf(STDERR)));
  } catch {
    // Stderr is closed.
  }
}

/** Writes lines to a terminal without waiting for it, so that a paused terminal delays nothing. */
export function printWithoutWaiting(lines: readonly Text[]): void {
  process.stdout.write(renderLines(STDOUT, lines));
}

/** Writes a value as JSON for other programs. On a terminal, invisible characters are escaped as in JSON. */
export function printJson(value: unknown): void {
  const json = `${JSON.stringify(value, null, 2)}\n`;
  write(STDOUT, isTerminal() ? escapeInJson(json) : json);
}

/** Writes bytes unchanged to a pipe or file, and in a visible form to a terminal. */
export function printBytes(bytes: Buffer): void {
  write(STDOUT, isTerminal() ? makeVisible(decodeBytes(bytes), true) : bytes);
}

/** Returns JSON of the same value with all invisible characters escaped. */
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
  // See no-color.org.
  return { isTerminal: isTty, hasColour: isTty && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb" };
}

function unwritable(file: number, error: unknown): AppError {
  const name = file === STDOUT ? "stdout" : "stderr";
  return new AppError(
    "file_system_refused",
    `The output cannot be written to ${name}: ${errnoOf(error) ?? String(error)}.`,
    "Print it again to a place with space: results of tasks are kept, see `codex-mcp-server show <task>`.",
    error,
  );
}

/** Error codes of a closed pipe. ECONNRESET occurs if the pipe is a socket, as in Node and Bun, that was closed with unread data. */
const CLOSED_PIPE_ERRORS: ReadonlySet<string | undefined> = new Set(["EPIPE", "ECONNRESET"]);

/** Writes bytes as a whole. If the reader closes the pipe early (`head`), ends this program quietly. */
function write(file: number, text: string | Buffer): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(file, rest));
    } catch (error) {
      if (file === STDOUT && CLOSED_PIPE_ERRORS.has(errnoOf(error))) process.exit(0);
      // The pipe is full and another process has made it non-blocking.
      if (errnoOf(error) !== "EAGAIN") throw unwritable(file, error);
      Bun.sleepSync(1);
    }
  }
}

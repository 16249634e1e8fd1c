import { isTerminal } from "./output.ts";

const CODES = { bold: 1, dim: 2, inverse: 7, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;

/** How a text is shown; `plain` as it is. */
export type Style = keyof typeof CODES | "plain";

/** A text with the terminal's codes for a style; as it is where the output is no terminal, or NO_COLOR is set (no-color.org). */
export function paint(text: string, style: Style): string {
  if (style === "plain" || text === "" || !hasColour()) return text;
  return `\u001B[${CODES[style]}m${text}\u001B[0m`;
}

function hasColour(): boolean {
  return isTerminal() && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
}

/** What a model or a file says must not steer the terminal; tabs and line ends stay. */
export function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return text.replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, "");
}

/** A text in one line. */
export function inOneLine(text: string): string {
  return withoutControls(text.replace(/\s+/g, " ")).trim();
}

import { takeStart } from "#base/text.ts";

// oxlint-disable-next-line no-control-regex -- sequences that set colours
const COLOURS = /\u001B\[[\d;:]*m/g;

/** Returns the output of a program without colours and with line feeds alone as line ends; other sequences are left, to be made visible. */
export function withoutColours(text: string): string {
  return text.replaceAll(COLOURS, "").replaceAll("\r\n", "\n");
}

/** Longest part of an output that is laid out at once, in characters. */
const MAX_CHUNK = 8 * 1024;

/** Splits an output into parts, after line ends where there are any. */
export function splitOutput(text: string): string[] {
  const parts: string[] = [];
  for (let start = 0; start < text.length;) {
    const limit = start + MAX_CHUNK;
    const lineEnd = limit >= text.length ? text.length : text.lastIndexOf("\n", limit - 1) + 1;
    const part = takeStart(text.slice(start, lineEnd > start ? lineEnd : limit + 1), MAX_CHUNK);
    parts.push(part);
    start += part.length;
  }
  return parts;
}

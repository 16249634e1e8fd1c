/** Returns the first `length` characters of a text, or one less where that would cut a surrogate pair, which many JSON parsers refuse. */
export function takeStart(text: string, length: number): string {
  return text.slice(0, isInsidePair(text, length) ? length - 1 : length);
}

/** Returns the last `length` characters of a text, or one less where that would cut a surrogate pair. */
export function takeEnd(text: string, length: number): string {
  const from = Math.max(0, text.length - length);
  return text.slice(isInsidePair(text, from) ? from + 1 : from);
}

function isInsidePair(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff;
}

/** Cuts a text to a maximum number of characters and marks the cut with an ellipsis. */
export function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${takeStart(text, maxLength)}…`;
}

/** Formats the first names for a sentence and counts the rest: `a, b and 3 more`. */
export function listSome(names: readonly string[], atMost = 5): string {
  const more = names.length > atMost ? ` and ${names.length - atMost} more` : "";
  return `${names.slice(0, atMost).join(", ")}${more}`;
}

/** Formats a number with a regular noun: `1 folder`, `2 folders`. */
export function formatPlural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Formats a number with separators: `5,230`. */
export function formatNumber(value: number): string {
  // The system's formatter takes a hundred times as long, and lists have thousands of small numbers.
  return Number.isInteger(value) && value >= 0 && value < 1000 ? String(value) : value.toLocaleString("en-US");
}

/** Quotes a text as one shell word for commands shown to people; names of files and branches may come from strangers. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Longest line that stands for a whole text, in characters. */
const MAX_LINE = 120;

/** Returns the first line of a text that is not empty, shortened; undefined if there is none. */
export function firstLine(text: string | undefined): string | undefined {
  const [line = ""] = (text ?? "")
    .slice(0, 100 * MAX_LINE)
    .trimStart()
    .split("\n");
  return line.trim() === "" ? undefined : shorten(line.trimEnd(), MAX_LINE);
}

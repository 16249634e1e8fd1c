/** Cuts a text to a maximum number of characters and marks the cut with an ellipsis. */
export function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}

/** Formats the first names for a sentence and counts the rest: `a, b and 3 more`. */
export function listSome(names: readonly string[], atMost = 5): string {
  const more = names.length > atMost ? ` and ${names.length - atMost} more` : "";
  return `${names.slice(0, atMost).join(", ")}${more}`;
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

/** Cuts a text after so many characters, with an ellipsis for what is missing. */
export function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
}

/** Lists the first names for a sentence, and counts the rest: `a, b and 3 more`. */
export function listSome(names: readonly string[], atMost = 5): string {
  const more = names.length > atMost ? ` and ${names.length - atMost} more` : "";
  return `${names.slice(0, atMost).join(", ")}${more}`;
}

/** Returns a text as one word for a shell, for commands that people are shown: names of files and branches may be anybody's. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

import type { LogEntry } from "./conversation.ts";

/** Characters of an excerpt before and after the hit. */
const EXCERPT = 60;

/**
 * Returns the text around the first place at which an entry has a text, in upper or lower case; undefined if it has none.
 * @param wanted in lower case
 */
export function findExcerpt(entry: LogEntry, wanted: string): string | undefined {
  for (const text of textsOf(entry)) {
    const found = text.toLowerCase().indexOf(wanted);
    if (found < 0) continue;
    const [from, to] = [Math.max(0, found - EXCERPT), found + wanted.length + EXCERPT];
    return `${from > 0 ? "…" : ""}${text.slice(from, to).toWellFormed()}${to < text.length ? "…" : ""}`;
  }
  return undefined;
}

/** Returns the texts that an entry shows. */
function textsOf({ text, command, steps = [], files = [], check, by }: LogEntry): string[] {
  const texts = [text, command?.command, command?.output, check?.command, by];
  const parts = [...steps.map((step) => step.text), ...files.flatMap(({ path, diff }) => [path, diff])];
  return [...texts, ...parts].filter((part) => part !== undefined);
}

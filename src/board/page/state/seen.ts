import { signal } from "@preact/signals";
import type { Card } from "#board/api/card.ts";

/** Name under which the browser keeps the runs that were opened. */
const STORED_AS = "codexmcp-seen";
/** Largest number of runs that are kept; the oldest are forgotten. */
const MAX_SEEN = 2000;

const seen = signal<ReadonlySet<string>>(new Set(read()));

window.addEventListener("storage", ({ key }) => {
  if (key === STORED_AS) seen.value = new Set(read());
});

/** Records that the run of a task was opened in this browser. */
export function markSeen(card: Pick<Card, "id" | "run">): void {
  if (isSeen(card)) return;
  // Other windows of the board may have added some.
  const runs = [...read(), toKey(card)].slice(-MAX_SEEN);
  seen.value = new Set(runs);
  try {
    localStorage.setItem(STORED_AS, JSON.stringify(runs));
  } catch {
    // The browser keeps nothing: it is only known until the page is closed.
  }
}

/** Returns whether the run of a task was opened in this browser. */
export function isSeen(card: Pick<Card, "id" | "run">): boolean {
  return seen.value.has(toKey(card));
}

function toKey({ id, run }: Pick<Card, "id" | "run">): string {
  return `${run} ${id}`;
}

function read(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED_AS) ?? "[]");
    return Array.isArray(stored) ? stored.filter((each) => typeof each === "string").slice(-MAX_SEEN) : [];
  } catch {
    return [];
  }
}

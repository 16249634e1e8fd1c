import { signal } from "@preact/signals";
import type { Card } from "#board/api/card.ts";
import { keepStored, readStored, storedName } from "./stored.ts";

/** Name under which the browser keeps the runs that were opened. */
const STORED_AS = "seen";
/** Largest number of runs that are kept; the oldest are forgotten. */
const MAX_SEEN = 2000;

const seen = signal<ReadonlySet<string>>(new Set(read()));

window.addEventListener("storage", ({ key }) => {
  if (key === storedName(STORED_AS)) seen.value = new Set(read());
});

/** Records that the run of a task was opened in this browser. */
export function markSeen(card: Pick<Card, "id" | "run">): void {
  if (isSeen(card)) return;
  // Other windows of the board may have added some.
  const runs = [...read(), toKey(card)].slice(-MAX_SEEN);
  seen.value = new Set(runs);
  keepStored("browser", STORED_AS, runs);
}

/** Returns whether the run of a task was opened in this browser. */
export function isSeen(card: Pick<Card, "id" | "run">): boolean {
  return seen.value.has(toKey(card));
}

function toKey({ id, run }: Pick<Card, "id" | "run">): string {
  return `${run} ${id}`;
}

function read(): string[] {
  const stored = readStored("browser", STORED_AS);
  return Array.isArray(stored) ? stored.filter((each) => typeof each === "string").slice(-MAX_SEEN) : [];
}

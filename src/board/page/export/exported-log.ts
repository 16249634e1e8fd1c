import type { LogEntry, LogWindow, SearchHit, SearchResult, WindowQuery } from "#board/api/conversation.ts";
import { findExcerpt } from "#board/api/find-excerpt.ts";
import type { ExportedLog } from "#board/api/export.ts";

/** Number of entries of a window. */
const WINDOW_ENTRIES = 400;
/** Maximum number of hits of a search. */
const MAX_HITS = 200;

/** Returns a part of an exported conversation: positions are those of the entries in the log. */
export function readExportedWindow(
  { run, entries, start, size }: ExportedLog,
  { before, after }: WindowQuery,
): LogWindow {
  const end = before === undefined ? entries.length : firstAfter(entries, before);
  const first = after === undefined ? Math.max(0, end - WINDOW_ENTRIES) : firstAfter(entries, after);
  const last = after === undefined ? end : Math.min(entries.length, first + WINDOW_ENTRIES);
  return {
    run,
    entries: entries.slice(first, last),
    start: first === 0 ? 0 : (entries[first - 1]?.at ?? start),
    end: last === entries.length ? size : (entries[last - 1]?.at ?? size),
    size,
  };
}

/** Returns the index of the first entry that ends after a position. */
function firstAfter(entries: readonly LogEntry[], position: number): number {
  const index = entries.findIndex(({ at }) => at > position);
  return index === -1 ? entries.length : index;
}

/** Returns the entries of an exported conversation that have a text, whatever the case of its letters. */
export function searchExportedLog({ run, entries }: ExportedLog, query: string): SearchResult {
  const wanted = query.toLowerCase();
  const hits: SearchHit[] = [];
  if (wanted === "") return { hits, is_cut: false };
  for (const entry of entries) {
    const excerpt = findExcerpt(entry, wanted);
    if (excerpt === undefined) continue;
    if (hits.length === MAX_HITS) return { hits, is_cut: true };
    hits.push({ run, at: entry.at, kind: entry.kind, excerpt });
  }
  return { hits, is_cut: false };
}

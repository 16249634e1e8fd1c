import { Turns } from "#base/concurrency.ts";
import type { SearchHit, SearchResult } from "#board/api/conversation.ts";
import { findExcerpt } from "#board/api/find-excerpt.ts";
import { itemKeyOf, startsTurn } from "#board/api/join-entries.ts";
import { readLineWindow } from "#platform/files/line-window.ts";
import type { AppContext } from "#tasks/context.ts";
import { findRunLog } from "./read-conversation.ts";
import { toEntry } from "./to-entry.ts";

/** Largest number of hits. */
const MAX_HITS = 200;
/** Texts that are searched, in characters: of outputs more than the page shows at first. */
const SEARCH_LIMITS = { text: 256 * 1024, output: 1024 * 1024 };

/**
 * Searches the conversation of a task's run for a text, in upper or lower case.
 * @throws AppError `unknown_task`, `invalid_argument` if there is no such run
 */
export async function searchConversation(
  context: AppContext,
  id: string,
  query: { q: string; run?: number | undefined },
  signal?: AbortSignal,
): Promise<SearchResult> {
  const { run, log } = findRunLog(context, id, query.run);
  return searchLog(log, run, query.q, signal);
}

/** Searches a log; ends early when `signal` aborts. */
export async function searchLog(log: string, run: number, text: string, signal?: AbortSignal): Promise<SearchResult> {
  const wanted = text.toLowerCase();
  if (wanted === "") return { hits: [], is_cut: false };
  const turns = new Turns();
  /** Hits by the items that they are in: a later report takes the place of an earlier one. */
  const hits = new Map<string, SearchHit>();
  let turn = 0;
  for (let at = 0; ;) {
    const { lines, end } = await readLineWindow(log, { after: at });
    if (end <= at || signal?.aborted === true) break;
    for (const line of lines) {
      await turns.pause();
      const entry = toEntry(line, undefined, SEARCH_LIMITS);
      if (entry === undefined) continue;
      if (startsTurn(entry)) turn++;
      const item = itemKeyOf(entry);
      const key = item === undefined ? `at ${entry.at}` : `${turn} ${item}`;
      hits.delete(key);
      const excerpt = findExcerpt(entry, wanted);
      if (excerpt === undefined) continue;
      if (hits.size === MAX_HITS) return { hits: [...hits.values()], is_cut: true };
      hits.set(key, { run, at: entry.at, kind: entry.kind, excerpt });
    }
    at = end;
  }
  return { hits: [...hits.values()], is_cut: false };
}

import { useRef, useState } from "preact/hooks";
import type { SearchHit } from "#board/api/conversation.ts";
import { useKeys, type KeyBinding } from "#board/page/parts/keys.tsx";
import { notifyFailure } from "#board/page/parts/notices.tsx";
import type { ConversationReader } from "./reader.ts";

/** State of a search: its hits, and the one that is shown. */
interface Found {
  query: string;
  hits: SearchHit[];
  isCut: boolean;
  index: number;
}

/** Searches the whole run. `Enter` goes to the next hit, `Shift+Enter` to the one before. */
export function SearchBar({ reader, onHit }: { reader: ConversationReader; onHit: (hit: SearchHit) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [found, setFound] = useState<Found>();
  const [isSearching, setIsSearching] = useState(false);
  const [keys] = useState<KeyBinding[]>(() => [
    { key: "f", does: "Search the conversation", run: () => field.current?.select() },
  ]);
  useKeys("Search", keys);
  const go = (next: Found) => {
    setFound(next);
    const hit = next.hits[next.index];
    if (hit !== undefined) onHit(hit);
  };
  const search = async (query: string) => {
    setIsSearching(true);
    reader.sought.value = query;
    try {
      const { hits, is_cut: isCut } = await reader.log.search(query);
      if (field.current?.value === query) go({ query, hits, isCut, index: 0 });
    } catch (error) {
      notifyFailure(error);
    } finally {
      setIsSearching(false);
    }
  };
  const step = (by: 1 | -1) => {
    const query = field.current?.value ?? "";
    if (query === "") return;
    if (found?.query !== query) void search(query);
    else if (found.hits.length > 0) go({ ...found, index: (found.index + by + found.hits.length) % found.hits.length });
  };
  const clear = () => {
    setFound(undefined);
    reader.sought.value = "";
  };
  return (
    <div class="search" role="search">
      <input
        ref={field}
        type="search"
        placeholder="Search"
        aria-label="Search the conversation"
        onInput={(event) => {
          if (event.currentTarget.value !== found?.query) clear();
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") field.current?.blur();
          if (event.key !== "Enter") return;
          event.preventDefault();
          step(event.shiftKey ? 1 : -1);
        }}
      />
      <span class="hits weak" role="status">
        {isSearching ? "Searching…" : describeFound(found)}
      </span>
      {found !== undefined && found.hits.length > 1 && <StepButtons step={step} />}
    </div>
  );
}

function StepButtons({ step }: { step: (by: 1 | -1) => void }) {
  return (
    <>
      <button type="button" class="quiet" aria-label="Previous hit" onClick={() => step(-1)}>
        ↑
      </button>
      <button type="button" class="quiet" aria-label="Next hit" onClick={() => step(1)}>
        ↓
      </button>
    </>
  );
}

function describeFound(found: Found | undefined): string {
  if (found === undefined) return "";
  const { hits, index, isCut } = found;
  return hits.length === 0 ? "Not found" : `${index + 1} of ${hits.length}${isCut ? " or more" : ""}`;
}

import { ADDRESS_DELAY_MS } from "#board/page/address/address-query.ts";
import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation, useSearch } from "wouter-preact";
import { type BoardFilter, readFilter, writeFilter } from "./filter.ts";

/** Returns the filter, which the query of the address keeps, and the function that changes it. */
export function useFilter(): [filter: BoardFilter, set: (filter: BoardFilter) => void] {
  const [, navigate] = useLocation();
  const query = useSearch();
  const [filter, setFilter] = useState(() => readFilter(query));
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  /** Query that this function has given the address last. */
  const written = useRef(writeFilter(filter));
  // The address changes by links, back and forward, too: that is newer than what was changed here.
  useEffect(() => {
    const read = readFilter(query);
    if (writeFilter(read) === written.current) return;
    written.current = writeFilter(read);
    clearTimeout(timer.current);
    setFilter(read);
  }, [query]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const set = (next: BoardFilter) => {
    const write = () => {
      written.current = writeFilter(next);
      navigate(`/${written.current}`, { replace: true });
    };
    clearTimeout(timer.current);
    setFilter(next);
    if (next.text === filter.text || next.text === "") write();
    else timer.current = setTimeout(write, ADDRESS_DELAY_MS);
  };
  return [filter, set];
}

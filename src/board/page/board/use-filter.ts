import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLocation, useSearch } from "wouter-preact";
import { type BoardFilter, readFilter, writeFilter } from "./filter.ts";

/** Time after the last change of the filter until the address has it, in milliseconds: browsers refuse more than some changes a second. */
const ADDRESS_DELAY_MS = 250;

/** Returns the filter, which the query of the address keeps, and the function that changes it. */
export function useFilter(): [filter: BoardFilter, set: (filter: BoardFilter) => void] {
  const [, navigate] = useLocation();
  const query = useSearch();
  const [filter, setFilter] = useState(() => readFilter(query));
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // The address changes by itself, too: back and forward.
  useEffect(() => {
    if (timer.current === undefined) setFilter(readFilter(query));
  }, [query]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const set = useMemo(
    () => (next: BoardFilter) => {
      setFilter(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        timer.current = undefined;
        navigate(`/${writeFilter(next)}`, { replace: true });
      }, ADDRESS_DELAY_MS);
    },
    [navigate],
  );
  return [filter, set];
}

/** Returns whether a media query matches. */
export function useMedia(media: string): boolean {
  const list = useMemo(() => window.matchMedia(media), [media]);
  const [isMatching, setMatching] = useState(list.matches);
  useEffect(() => {
    const update = () => setMatching(list.matches);
    update();
    list.addEventListener("change", update);
    return () => list.removeEventListener("change", update);
  }, [list]);
  return isMatching;
}

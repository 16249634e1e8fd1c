import { useEffect, useMemo, useState } from "preact/hooks";

/** Returns whether a media query matches. */
export function useMedia(query: string): boolean {
  const list = useMemo(() => window.matchMedia(query), [query]);
  const [isMatching, setMatching] = useState(list.matches);
  useEffect(() => {
    const update = () => setMatching(list.matches);
    update();
    list.addEventListener("change", update);
    return () => list.removeEventListener("change", update);
  }, [list]);
  return isMatching;
}

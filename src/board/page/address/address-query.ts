import { useEffect } from "preact/hooks";
import { navigate } from "wouter-preact/use-browser-location";

/** Time after a change at which the address is changed, in milliseconds: browsers limit how often that may be done. */
export const ADDRESS_DELAY_MS = 300;

/** Keeps values in the query of the page's address while a component is shown. Values that are undefined are left out. */
export function useAddressQuery(values: Readonly<Record<string, string | undefined>>): void {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== "") query.set(name, value);
  const wanted = query.size === 0 ? "" : `?${query}`;
  useEffect(() => {
    const timer = setTimeout(() => {
      const { pathname, search } = window.location;
      if (search !== wanted) navigate(`${pathname}${wanted}`, { replace: true });
    }, ADDRESS_DELAY_MS);
    return () => clearTimeout(timer);
  }, [wanted]);
}

/** Returns the values in the query of the page's address. */
export function readAddressQuery(): URLSearchParams {
  return new URLSearchParams(window.location.search);
}

/** Changes one value in the query of the page's address. @param value undefined to remove it */
export function changeAddressQuery(name: string, value: string | undefined): void {
  const query = readAddressQuery();
  if (value === undefined) query.delete(name);
  else query.set(name, value);
  navigate(`${window.location.pathname}${query.size === 0 ? "" : `?${query}`}`, { replace: true });
}

/** Time for which the browser keeps a value: until it is removed, or until the window is closed. */
export type Lifetime = "browser" | "window";

/** Values that the browser does not keep, because it has no room or allows none: they last as long as the page. */
const unkept = new Map<string, string>();

/** Returns a value that was kept, of whatever form; undefined if there is none. */
export function readStored(lifetime: Lifetime, name: string): unknown {
  try {
    const text = unkept.get(name) ?? storageOf(lifetime).getItem(storedName(name));
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keeps a value. @param value undefined to remove it */
export function keepStored(lifetime: Lifetime, name: string, value: unknown): void {
  unkept.delete(name);
  try {
    if (value === undefined) storageOf(lifetime).removeItem(storedName(name));
    else storageOf(lifetime).setItem(storedName(name), JSON.stringify(value));
  } catch {
    if (value !== undefined) unkept.set(name, JSON.stringify(value));
  }
}

/** Returns the name under which the browser's storage has a value. */
export function storedName(name: string): string {
  return `codexmcp-${name}`;
}

/** Returns the browser's storage. @throws DOMException in a frame that has none */
function storageOf(lifetime: Lifetime): Storage {
  return lifetime === "browser" ? localStorage : sessionStorage;
}

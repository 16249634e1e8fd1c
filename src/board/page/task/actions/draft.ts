import { useCallback, useState } from "preact/hooks";

/** Returns a text that survives a reload of the page, and a function that changes it. @param key undefined: it is not kept */
export function useDraft(key: string): [text: string, setText: (text: string) => void] {
  const [text, setText] = useState(() => readDraft(key));
  const change = useCallback(
    (next: string) => {
      setText(next);
      try {
        if (next === "") sessionStorage.removeItem(key);
        else sessionStorage.setItem(key, next);
      } catch {
        // It is only kept where the browser allows that.
      }
    },
    [key],
  );
  return [text, change];
}

function readDraft(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

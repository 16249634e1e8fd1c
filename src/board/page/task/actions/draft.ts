import { useCallback, useState } from "preact/hooks";
import { keepStored, readStored } from "#board/page/state/stored.ts";

/** Returns the message to a task that is being written, which survives a reload of the page, and a function that changes it. */
export function useDraft(taskId: string): [text: string, setText: (text: string) => void] {
  const name = `message:${taskId}`;
  const [text, setText] = useState(() => {
    const stored = readStored("window", name);
    return typeof stored === "string" ? stored : "";
  });
  const change = useCallback(
    (next: string) => {
      setText(next);
      keepStored("window", name, next === "" ? undefined : next);
    },
    [name],
  );
  return [text, change];
}

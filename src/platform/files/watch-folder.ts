import { type FSWatcher, watch } from "node:fs";

/** Interval of the calls that make up for lost file events, in milliseconds. */
const SAFETY_POLL_MS = 2000;

/** Time after an event at which the folder is looked at again, in milliseconds: Bun drops an event that follows another within a millisecond. */
const AFTER_EVENT_MS = 5;

/** Handle of a running {@link watchFolder}. */
export interface FolderWatch {
  close(): void;
}

/**
 * Calls `onChange` when a file of the folder changes whose name satisfies `isOfInterest`, and additionally every two seconds: file events
 * can be lost (network file systems, inotify limits), so they only make the reaction faster.
 * @param pollMs interval of the additional calls, in milliseconds
 */
export function watchFolder(
  folder: string,
  isOfInterest: (name: string) => boolean,
  onChange: () => void,
  pollMs = SAFETY_POLL_MS,
): FolderWatch {
  let watcher: FSWatcher | undefined;
  let again: Timer | undefined;
  try {
    watcher = watch(folder, (_event, name) => {
      if (name !== null && !isOfInterest(name)) return;
      again ??= setTimeout(() => {
        again = undefined;
        onChange();
      }, AFTER_EVENT_MS);
      onChange();
    });
    watcher.on("error", () => watcher?.close());
  } catch {
    // No file events available: polling is sufficient.
  }
  const poll = setInterval(onChange, pollMs);
  return {
    close: () => {
      watcher?.close();
      clearTimeout(again);
      clearInterval(poll);
    },
  };
}

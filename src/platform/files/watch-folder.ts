import { type FSWatcher, watch } from "node:fs";

/** Interval of the calls that make up for lost file events, in milliseconds. */
const SAFETY_POLL_MS = 2000;

/** Handle of a running {@link watchFolder}. */
export interface FolderWatch {
  close(): void;
}

/**
 * Calls `onChange` when a file of the folder changes whose name satisfies `isOfInterest`, and additionally every two seconds: file events
 * can be lost (network file systems, inotify limits), so they only make the reaction faster.
 */
export function watchFolder(
  folder: string,
  isOfInterest: (name: string) => boolean,
  onChange: () => void,
): FolderWatch {
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(folder, (_event, name) => {
      if (name === null || isOfInterest(name)) onChange();
    });
    watcher.on("error", () => watcher?.close());
  } catch {
    // No file events available: polling is sufficient.
  }
  const poll = setInterval(onChange, SAFETY_POLL_MS);
  return {
    close: () => {
      watcher?.close();
      clearInterval(poll);
    },
  };
}

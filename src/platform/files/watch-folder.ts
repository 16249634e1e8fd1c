import { type FSWatcher, watch } from "node:fs";

/** Maximum time for which a lost file event remains unnoticed, in milliseconds. */
const SAFETY_POLL_MS = 2000;

/** Handle of a running {@link watchFolder}. */
export interface FolderWatch {
  close(): void;
}

/**
 * Calls `look` when a file of the folder changes whose name satisfies `isOfInterest`, and additionally every two seconds: file events can
 * be lost (network file systems, inotify limits), so they only make the reaction faster.
 */
export function watchFolder(folder: string, isOfInterest: (name: string) => boolean, look: () => void): FolderWatch {
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(folder, (_event, name) => {
      if (name === null || isOfInterest(name)) look();
    });
    watcher.on("error", () => watcher?.close());
  } catch {
    // No file events available: polling is sufficient.
  }
  const poll = setInterval(look, SAFETY_POLL_MS);
  return {
    close: () => {
      watcher?.close();
      clearInterval(poll);
    },
  };
}

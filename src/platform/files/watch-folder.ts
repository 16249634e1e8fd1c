import { type FSWatcher, watch } from "node:fs";

/** How long a lost file event can go unnoticed. */
const SAFETY_POLL_MS = 2000;

/** A running {@link watchFolder}. */
export interface FolderWatch {
  close(): void;
}

/**
 * Calls `look` when a file of the folder changes whose name `isOfInterest`, and every two seconds
 * besides: file events can be lost (network file systems, inotify limits), so they only make it fast.
 */
export function watchFolder(folder: string, isOfInterest: (name: string) => boolean, look: () => void): FolderWatch {
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(folder, (_event, name) => {
      if (name === null || isOfInterest(name)) look();
    });
    watcher.on("error", () => watcher?.close());
  } catch {
    // No events to be had here: the poll alone does.
  }
  const poll = setInterval(look, SAFETY_POLL_MS);
  return {
    close: () => {
      watcher?.close();
      clearInterval(poll);
    },
  };
}

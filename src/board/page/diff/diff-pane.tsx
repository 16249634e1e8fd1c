import type { Signal } from "@preact/signals";
import type { TaskPageData } from "#board/api/task.ts";
import type { PageSource } from "#board/page/source/page-source.ts";

/** Properties of the diff of a task. */
export interface DiffProps {
  source: PageSource;
  task: TaskPageData;
  /** File to show, which another part of the page sets. */
  openFile: Signal<string | undefined>;
  /** Sends the comments on lines as one message; undefined if the task takes none. */
  onSend: ((message: string) => Promise<void>) | undefined;
}

/** Shows what a task changed. */
export function DiffPane({ task }: DiffProps) {
  return <p>{task.card.branch}</p>;
}

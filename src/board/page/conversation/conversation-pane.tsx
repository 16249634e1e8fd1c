import type { TaskPageData } from "#board/api/task.ts";
import type { PageSource } from "#board/page/source/page-source.ts";

/** Properties of the conversation of a task. */
export interface ConversationProps {
  source: PageSource;
  task: TaskPageData;
  /** Shows a file in the diff; undefined if there is none. */
  onOpenFile: ((path: string) => void) | undefined;
}

/** Shows the conversation of a task. */
export function ConversationPane({ task }: ConversationProps) {
  return <p>{task.prompt}</p>;
}

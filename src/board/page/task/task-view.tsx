import type { PageSource } from "#board/page/source/page-source.ts";

/** Shows a task: its conversation, and what it changed. */
export function TaskView({ id }: { id: string; source: PageSource }) {
  return <h1>{id}</h1>;
}

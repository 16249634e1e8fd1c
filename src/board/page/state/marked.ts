import { signal } from "@preact/signals";

/** Ids of the tasks that are marked to be compared, in the order in which they were marked. */
export const marked = signal<ReadonlySet<string>>(new Set());

/** Marks a task, or removes its mark. */
export function toggleMark(id: string): void {
  const next = new Set(marked.value);
  if (!next.delete(id)) next.add(id);
  marked.value = next;
}

/** Removes all marks. */
export function clearMarks(): void {
  if (marked.value.size > 0) marked.value = new Set();
}

import { notify, notifyFailure } from "#board/page/parts/notices.tsx";
import { taskPath } from "#board/page/source/board-source.ts";
import { act } from "#board/page/source/requests.ts";

/** Restores the work of discarded tasks, one after the other, and says what came of it. */
export async function restoreTasks(ids: readonly string[]): Promise<void> {
  const restored: string[] = [];
  for (const id of ids) {
    try {
      await act(`${taskPath(id)}/restore`);
      restored.push(id);
    } catch (error) {
      notifyFailure(error);
    }
  }
  if (restored.length > 0) notify("done", `Restored ${restored.join(", ")}.`);
}

import { notify, notifyFailure } from "#board/page/parts/notices.tsx";
import { BOARD_ACTIONS } from "#board/page/source/board-source.ts";

/** Restores the work of discarded tasks, one after the other, and says what came of it. */
export async function restoreTasks(ids: readonly string[]): Promise<void> {
  const restored: string[] = [];
  for (const id of ids) {
    try {
      await BOARD_ACTIONS.restore(id);
      restored.push(id);
    } catch (error) {
      notifyFailure(error);
    }
  }
  if (restored.length > 0) notify("done", `Restored ${restored.join(", ")}.`);
}

import { restoreWorktree as putBack } from "#git/salvage/restore-worktree.ts";
import { toText } from "#git/salvage/names.ts";
import { listSalvage } from "#git/salvage/list-salvage.ts";
import { AppError } from "#lib/errors.ts";
import { withRepositoryLock } from "#store/lock.ts";
import type { AppContext } from "./context.ts";
import { checkIdle, getTaskWorktree } from "./task-worktree.ts";

/** A worktree that is back. */
export interface RestoredPlace {
  task_id: string;
  worktree_dir: string;
  agent_branch: string;
  /** The ref that it was brought back from, which stays. */
  salvage: string;
  /** Ignored files and folders that were given up when it was discarded. */
  given_up: string[];
}

/**
 * Brings the worktree of a task back as it was when it was discarded last.
 * @throws AppError `no_worktree`, `nothing_salvaged`, `worktree_path_taken`, `branch_exists`
 */
export async function restoreWorktree(context: AppContext, taskId: string): Promise<RestoredPlace> {
  const place = await getTaskWorktree(context, taskId);
  return withRepositoryLock(context.store, place.repository, async () => {
    await checkIdle(context, place.path);
    const [newest] = await listSalvage(place.repository, place.branch);
    if (newest === undefined) {
      const hint = "It was not discarded, or what was saved is past its age limit and has been cleaned up.";
      throw new AppError("nothing_salvaged", `Nothing was saved of ${place.branch}.`, hint);
    }
    const { worktree, leftOut } = await putBack(place.repository, newest.ref);
    return {
      task_id: place.task.task_id,
      worktree_dir: worktree,
      agent_branch: place.branch,
      salvage: newest.ref,
      given_up: leftOut.map(toText),
    };
  });
}

import type { RunResult } from "#codex/run/run-log.ts";
import { commitWork } from "#git/changes/commit-work.ts";
import { isClean, readStatus, type WorktreeStatus } from "#git/changes/status.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { toFailure } from "#base/errors.ts";
import { readOptionalText } from "#platform/files/read-file.ts";
import { codexLockOf } from "#store/store-paths.ts";
import { commitMessageOf } from "#domain/commit-message.ts";
import { processMarkerOf } from "#domain/names.ts";
import type { RunFacts, RunningTask } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { endLeftovers } from "#tasks/end/end-processes.ts";

/** Hooks may run tests, but not for ever. */
const HOOKS_MS = 10 * 60_000;

/** Result of committing the work that a run left. */
export interface LeftWork {
  facts: Pick<RunFacts, "commit_error">;
  /** The worktree as it still is, where nothing was to be committed. */
  seen?: WorktreeStatus;
}

/**
 * Commits what Codex has left uncommitted in its worktree, where it ended by itself and all is well. Work of a run that
 * was stopped or failed stays as it is: nobody has called it done.
 * @param hurry aborts when the task is to end now: the commit is then broken off
 */
export async function commitLeftWork(
  context: AppContext,
  task: RunningTask,
  { state, end, stopped }: RunResult,
  hurry: AbortSignal | undefined,
): Promise<LeftWork> {
  const isDone = stopped === undefined && end.exitCode === 0 && state.terminal?.kind === "completed";
  const { worktree_dir: worktree, agent_branch: branch } = task;
  if (hurry?.aborted === true) return { facts: {} };
  if (!isDone || worktree === undefined || branch === undefined || task.commit === "never") return { facts: {} };
  // What still runs in the background would go on writing.
  await endLeftovers(context, task);
  const status = await findWorktreeGitDir(worktree, task.workspace)
    .then(() => readStatus(worktree, { signal: hurry }))
    .catch((error: unknown) => toFailure(error).message);
  if (typeof status === "string") return { facts: { commit_error: status } };
  const marker = processMarkerOf(context.config.home, task.task_id, task.run);
  const environment = { ...context.config.environment, [marker.name]: marker.value };
  const lockFile = codexLockOf(context.config.home, task);
  const message = commitMessageOf(task, readOptionalText(task.prompt_file));
  const failure = await commitWork({
    worktree,
    branch,
    message,
    environment,
    atMostMs: HOOKS_MS,
    signal: hurry,
    lockFile,
    status,
  }).catch((error: unknown) => toFailure(error).message);
  return {
    facts: failure === undefined ? {} : { commit_error: failure },
    ...(isClean(status) && { seen: status }),
  };
}

import type { RunResult } from "#codex/run/run-log.ts";
import { commitWork } from "#git/changes/commit-work.ts";
import { findOwnFilters } from "#git/changes/filter-programs.ts";
import { isClean, readStatus, type WorktreeStatus } from "#git/changes/status.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { toFailure } from "#base/errors.ts";
import { readOptionalText } from "#platform/files/read-file.ts";
import { codexLockPath } from "#store/store-paths.ts";
import { commitMessageOf } from "#domain/topic.ts";
import { runMarkerOf } from "#domain/names.ts";
import type { RunFacts, RunningTask } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { endLeftovers } from "#tasks/end/end-processes.ts";

/** Time limit of commit hooks, which may run tests, in milliseconds. */
const HOOKS_TIMEOUT_MS = 10 * 60_000;

/** Result of committing the changes that a run left. */
export interface LeftoverCommit {
  facts: Pick<RunFacts, "commit_error">;
  /** State of the worktree if there was nothing to commit. */
  seen?: WorktreeStatus;
}

/**
 * Commits the changes that Codex has left uncommitted in its worktree if Codex ended by itself and without a failure.
 * Changes of a run that was stopped or failed stay uncommitted, because they may be incomplete.
 * @param hurry aborts when the task must end now; the commit is then interrupted
 */
export async function commitLeftWork(
  context: AppContext,
  task: RunningTask,
  { state, end, stopped }: RunResult,
  hurry: AbortSignal | undefined,
): Promise<LeftoverCommit> {
  const isDone = stopped === undefined && end.exitCode === 0 && state.terminal?.kind === "completed";
  const { worktree_dir: worktree, agent_branch: branch } = task;
  if (hurry?.aborted === true) return { facts: {} };
  if (!isDone || worktree === undefined || branch === undefined || task.commit === "never") return { facts: {} };
  // Processes that are still running in the background would continue to write.
  await endLeftovers(context, task);
  // What Codex wrote in its sandbox would run outside of it.
  const withoutOwnPrograms = task.sandbox === "workspace-write";
  const status = await findWorktreeGitDir(worktree, task.workspace)
    .then(() => (withoutOwnPrograms ? findOwnFilters(worktree, { signal: hurry }) : { environment: {} }))
    .then(({ environment }) => readStatus(worktree, { signal: hurry, environment }))
    .catch((error: unknown) => toFailure(error).message);
  if (typeof status === "string") return { facts: { commit_error: status } };
  const marker = runMarkerOf(context.config.home, task);
  const environment = { ...context.config.environment, [marker.name]: marker.value };
  const lockFile = codexLockPath(context.config.home, task);
  const message = commitMessageOf(task, readOptionalText(task.prompt_file));
  const failure = await commitWork({
    worktree,
    branch,
    message,
    withoutOwnPrograms,
    environment,
    atMostMs: HOOKS_TIMEOUT_MS,
    signal: hurry,
    lockFile,
    status,
  }).catch((error: unknown) => toFailure(error).message);
  return {
    facts: failure === undefined ? {} : { commit_error: failure },
    ...(isClean(status) && { seen: status }),
  };
}

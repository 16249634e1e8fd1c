import type { RunResult } from "#codex/run/run-log.ts";
import { listCheckTraces, markFiles } from "#git/changes/check-traces.ts";
import { commitWork } from "#git/changes/commit-work.ts";
import { findOwnFilters } from "#git/changes/filter-programs.ts";
import { isClean, readStatus, type WorktreeStatus } from "#git/changes/status.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { toFailure } from "#base/errors.ts";
import { readOptionalText } from "#platform/files/read-file.ts";
import { codexLockPath } from "#store/store-paths.ts";
import { type CheckState, isFinalCheck } from "#domain/check.ts";
import { commitMessageOf } from "#domain/topic.ts";
import { runMarkerOf } from "#domain/names.ts";
import type { RunFacts, RunningTask, TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { endLeftovers } from "#tasks/end/end-processes.ts";

/** Time limit of commit hooks, which may run tests, in milliseconds. */
const HOOKS_TIMEOUT_MS = 10 * 60_000;

/** Result of committing the changes that a run left. */
export interface LeftoverCommit {
  facts: Pick<RunFacts, "commit_error">;
  /** State of the worktree if there was nothing to commit. */
  seen?: WorktreeStatus;
  /** Last check of the work. */
  check?: CheckState | undefined;
}

/**
 * Commits the changes that Codex has left uncommitted in its worktree if Codex ended by itself and without a failure.
 * Changes of a run that was stopped or failed stay uncommitted, because they may be incomplete. Work that was checked was committed before
 * its check: what came later was not checked.
 * @param hurry aborts when the task must end now; the commit is then interrupted
 * @param check last check of the work
 */
export async function commitLeftWork(
  context: AppContext,
  task: RunningTask,
  { state, end, stopped }: RunResult,
  hurry: AbortSignal | undefined,
  check?: CheckState,
): Promise<LeftoverCommit> {
  // The exit status of an adopted `codex exec` is unknown: its last event decides, as it does for the outcome.
  const hasEndedWell = (end.exitCode ?? 0) === 0 && end.signal === undefined;
  const isDone = stopped === undefined && hasEndedWell && state.terminal?.kind === "completed";
  if (isFinalCheck(check, state.completedTurns)) {
    // Elsewhere, Codex may still be saving its session.
    if (task.worktree_dir !== undefined) await endLeftovers(context, task);
    const { commit_error } = check;
    return { facts: commit_error === undefined ? {} : { commit_error }, check };
  }
  if (hurry?.aborted === true || !isDone || !isCommitted(task)) return { facts: {}, check };
  // Processes that are still running in the background would continue to write.
  await endLeftovers(context, task);
  return { ...(await commitWorktree(context, task, hurry)), check };
}

/** Task whose work this server commits. */
type CommittedTask = TaskRecord & Required<Pick<RunningTask, "worktree_dir" | "agent_branch">>;

/** Returns whether this server commits what a task leaves. */
export function isCommitted(task: TaskRecord): task is CommittedTask {
  return task.worktree_dir !== undefined && task.agent_branch !== undefined && task.commit !== "never";
}

/** Commits all uncommitted changes in a task's worktree, except what its checks have left. */
export async function commitWorktree(
  context: AppContext,
  task: CommittedTask,
  signal: AbortSignal | undefined,
): Promise<LeftoverCommit> {
  const { worktree_dir: worktree, agent_branch: branch } = task;
  const status = await readTaskStatus(task, signal).catch((error: unknown) => toFailure(error).message);
  if (typeof status === "string") return { facts: { commit_error: status } };
  const marker = runMarkerOf(context.config.home, task);
  const environment = { ...context.config.environment, [marker.name]: marker.value };
  const lockFile = codexLockPath(context.config.home, task);
  const message = commitMessageOf(task, readOptionalText(task.prompt_file));
  const failure = await listCheckTraces(worktree, markFiles(worktree, status))
    .then((leftOut) =>
      commitWork({
        worktree,
        branch,
        message,
        withoutOwnPrograms: isSandboxed(task),
        environment,
        atMostMs: HOOKS_TIMEOUT_MS,
        signal,
        lockFile,
        status,
        leftOut,
      }),
    )
    .catch((error: unknown) => toFailure(error).message);
  return {
    facts: failure === undefined ? {} : { commit_error: failure },
    ...(isClean(status) && { seen: status }),
  };
}

/** Reads the uncommitted changes in a task's worktree. @throws AppError as `git` does */
export async function readTaskStatus(
  task: TaskRecord & { worktree_dir: string },
  signal: AbortSignal | undefined,
): Promise<WorktreeStatus> {
  const { worktree_dir: worktree, workspace } = task;
  await findWorktreeGitDir(worktree, workspace);
  const environment = isSandboxed(task) ? (await findOwnFilters(worktree, { signal })).environment : {};
  return readStatus(worktree, { signal, environment });
}

/** Returns whether no program that the task has written may run outside of its sandbox. */
function isSandboxed({ sandbox }: TaskRecord): boolean {
  return sandbox === "workspace-write";
}

import { commitWork } from "#git/commit-work.ts";
import { toFailure } from "#lib/errors.ts";
import { readOptionalText } from "#lib/read-file.ts";
import { codexLockOf } from "#store/store-paths.ts";
import { commitMessageOf } from "#task/commit-message.ts";
import { processMarkerOf } from "#task/names.ts";
import type { RunFacts, RunningTask } from "#task/record.ts";
import type { AppContext } from "./context.ts";
import { endLeftovers } from "./end-processes.ts";
import type { RunResult } from "./supervise-run.ts";

/** Hooks may run tests, but not for ever. */
const HOOKS_MS = 10 * 60_000;

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
): Promise<Pick<RunFacts, "commit_error">> {
  const isDone = stopped === undefined && end.exitCode === 0 && state.terminal?.kind === "completed";
  const { worktree_dir: worktree, agent_branch: branch } = task;
  if (hurry?.aborted === true) return {};
  if (!isDone || worktree === undefined || branch === undefined || task.commit === "never") return {};
  // What still runs in the background would go on writing.
  await endLeftovers(context, task);
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
  }).catch((error: unknown) => toFailure(error).message);
  return failure === undefined ? {} : { commit_error: failure };
}

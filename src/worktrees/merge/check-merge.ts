import { findMainTree } from "#git/git-folders.ts";
import type { Failure } from "#base/errors.ts";
import { taskPaths } from "#store/store-paths.ts";
import { readEarlierMeta } from "#store/tasks/meta-file.ts";
import { listTasksIn } from "#store/worktree-base.ts";
import { describeFailedEnd, nameCheck } from "#domain/check.ts";
import type { TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { checkCommit, type CheckSandbox, type CommitCheckOutcome } from "#worktrees/checkout/check-commit.ts";
import type { TaskWorktree } from "#worktrees/task-worktree.ts";
import type { PlannedMerge } from "./plan-merge.ts";

/** Check of merged work. */
export interface MergeCheck {
  /** Shell command; exit status 0 means passed. */
  command: string;
  /** Sandbox in which it runs; undefined: none. */
  within: CheckSandbox | undefined;
  /** Signal that stops it. */
  signal: AbortSignal;
  /** Reports, in one line, what is being checked: at the start, and from time to time. */
  report?: ((line: string) => void) | undefined;
}

/**
 * Returns the sandbox for a check of the merged work of some tasks: code that was written in Codex's sandbox must not run outside of it.
 * @returns undefined if none of it was
 */
export function findSandboxOf({ store }: AppContext, sites: readonly TaskWorktree[]): CheckSandbox | undefined {
  const tasks = sites.flatMap(({ task, path }) => [task, ...listTasksIn(store, path)]);
  const runs = [...tasks, ...tasks.flatMap((task) => listEarlierRuns(store.paths.home, task))];
  const sandboxed = runs.filter(({ sandbox }) => sandbox !== "full-access");
  return sandboxed.length === 0 ? undefined : { network: sandboxed.every(({ network }) => network === true) };
}

/** Returns the records of a task's earlier runs, as far as they are kept. */
function listEarlierRuns(home: string, { task_id, run }: TaskRecord): TaskRecord[] {
  const paths = taskPaths(home, task_id);
  return Array.from({ length: Math.min(run - 1, MAX_EARLIER_RUNS) }, (_, index) =>
    readEarlierMeta(paths, run - 1 - index),
  ).filter((record) => record !== undefined);
}

/** Maximum number of earlier runs of a task that are read. */
const MAX_EARLIER_RUNS = 100;

/**
 * Checks the result of a planned merge, in a temporary worktree.
 * @throws AppError `setup_failed`, `cancelled`, and as git's commands do
 */
export async function checkMerge(
  context: AppContext,
  site: TaskWorktree,
  { commit, target }: PlannedMerge,
  { command, within, signal, report }: MergeCheck,
): Promise<CommitCheckOutcome> {
  const { task, folder, repository, path } = site;
  const close = reportRegularly(`Checking the merged work of ${task.task_id}: ${nameCheck(command)}`, report);
  return checkCommit(context, {
    command,
    commit,
    within,
    signal,
    folder,
    repository,
    source: findMainTree(task.cwd, repository),
    beside: path,
    // Outside the sandbox, only files that the branch has already are used.
    setUpCommit: within === undefined ? commit : target,
    outputFile: taskPaths(context.config.home, task.task_id).mergeCheckLog,
  }).finally(close);
}

/** Interval between reports in milliseconds: clients that get some wait longer for the answer. */
const REPORT_INTERVAL_MS = 10_000;

/** Reports a line, and again until the returned function is called. */
function reportRegularly(line: string, report: MergeCheck["report"]): () => void {
  if (report === undefined) return () => {};
  const started = performance.now();
  report(line);
  const timer = setInterval(() => {
    report(`${line} (${Math.round((performance.now() - started) / 1000)} s)`);
  }, REPORT_INTERVAL_MS);
  return () => clearInterval(timer);
}

/** Returns the failure of a merge whose result did not pass its check. */
export function mergeCheckFailure({ into }: PlannedMerge, check: CommitCheckOutcome): Failure {
  return {
    code: "check_failed",
    message: `The check ${nameCheck(check.command)} of the work merged into ${into} ${describeFailedEnd(check)}. Nothing was changed.`,
    hint: `Read ${check.output_file ?? "its output"}, then call codex with resume to have the task merge ${into} into its branch and correct the work.`,
  };
}

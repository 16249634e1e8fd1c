import { findBranchUse } from "#git/repository/branch-in-use.ts";
import { findGitFolders, findMainTree } from "#git/git-folders.ts";
import { findMergeBase } from "#git/repository/history.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { AppError } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import { findUnfinishedIn } from "#store/tasks/claim-task.ts";
import { findWorktreeBase } from "#store/worktree-base.ts";
import type { TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { resolveTask } from "#tasks/lookup.ts";
import { reconcile } from "#tasks/end/reconcile.ts";

/** A worktree that tasks work in. All versions of a topic share one. */
export interface WorktreeSite {
  path: string;
  /** Branch name without `refs/heads/`. */
  branch: string;
  /** The repository's common git folder; git commands for it run there. */
  repository: string;
  baseCommit: string;
  baseBranch: string | undefined;
  isMadeHere: boolean;
}

/** The worktree that a task worked in. */
export interface TaskWorktree extends WorktreeSite {
  task: TaskRecord;
  /** The working tree that the task was started in, if it is the repository's main one; else the git folder. */
  folder: string;
}

/**
 * Returns the worktree of a task.
 * @throws AppError `unknown_task`, `no_worktree`, `worktree_moved`
 */
export async function getTaskWorktree(context: AppContext, taskId: string): Promise<TaskWorktree> {
  const task = await reconcile(context, resolveTask(context, taskId));
  const { worktree_dir, agent_branch, workspace } = task;
  const base = worktree_dir === undefined ? undefined : findWorktreeBase(context.store, worktree_dir);
  if (worktree_dir === undefined || agent_branch === undefined) throw withoutWorktree(task);
  const baseCommit = base?.base_commit ?? task.base_commit ?? (await guessTaskBase(task, agent_branch));
  if (!pathExists(workspace)) throw repositoryGone(workspace);
  if (baseCommit === undefined) throw withoutWorktree(task);
  return {
    task,
    folder: findMainTree(task.cwd, workspace) ?? workspace,
    path: worktree_dir,
    branch: agent_branch,
    repository: workspace,
    baseCommit,
    baseBranch: base === undefined ? task.base_branch : base.base_branch,
    isMadeHere: base?.made_here === true,
  };
}

/** Returns the folder of a worktree, also of one that was moved; undefined if it is gone. @throws AppError `worktree_unusable` */
export async function findWorktreeFolder({ path, repository, branch }: WorktreeSite): Promise<string | undefined> {
  const isThere = (await findWorktreeGitDir(path, repository)) !== undefined;
  return isThere ? path : findMovedWorktree(repository, branch);
}

/** Returns the path at which a moved worktree's branch is checked out; undefined if it is checked out nowhere. */
async function findMovedWorktree(repository: string, branch: string): Promise<string | undefined> {
  const use = await findBranchUse(repository, branch);
  return use !== undefined && findGitFolders(use.path)?.top !== undefined ? use.path : undefined;
}

/** Returns the error for a worktree that is not at its original path. */
export async function worktreeGone({ repository, path, branch }: WorktreeSite): Promise<AppError> {
  const moved = await findMovedWorktree(repository, branch);
  return moved === undefined
    ? new AppError(
        "worktree_gone",
        `The worktree ${path} does not exist.`,
        `Restore it if it was discarded; otherwise its commits are still on branch ${branch}.`,
      )
    : new AppError(
        "worktree_moved",
        `${path} was moved: its branch ${branch} is checked out in ${moved}.`,
        `Move it back (git -C ${quoteForShell(repository)} worktree move ${quoteForShell(moved)} ${quoteForShell(path)}).`,
      );
}

/**
 * Checks that no task is working in a worktree.
 * @throws AppError `worktree_busy`
 */
export async function checkIdle(context: AppContext, path: string): Promise<void> {
  const unfinished = findUnfinishedIn(context.store, path);
  if (unfinished === undefined) return;
  const { status, task_id } = await reconcile(context, unfinished);
  if (status !== "queued" && status !== "running") return;
  const hint = `Wait for it (codex_wait with task_ids ["${task_id}"]) or cancel it (codex_cancel).`;
  throw new AppError("worktree_busy", `Task ${task_id} is using ${path}.`, hint);
}

/** Determines the base commit of a task of the Python server, which did not record it. */
async function guessTaskBase({ workspace, base_branch }: TaskRecord, branch: string): Promise<string | undefined> {
  if (!pathExists(workspace)) return undefined;
  const base = base_branch === undefined ? "HEAD" : `refs/heads/${base_branch}`;
  return findMergeBase(workspace, `refs/heads/${branch}`, base);
}

/** Returns the error for a repository that is not where its tasks were started. */
export function repositoryGone(gitFolder: string): AppError {
  return new AppError(
    "worktree_moved",
    `The repository at ${gitFolder} was moved or deleted.`,
    "Move it back, or repair its worktrees (git -C <new-path> worktree repair <worktree>) and start tasks at the new path.",
  );
}

function withoutWorktree({ task_id, sandbox }: TaskRecord): AppError {
  const reason = sandbox === "read-only" ? "it was read-only" : "it ran outside git";
  return new AppError("no_worktree", `Task ${task_id} has no worktree: ${reason}.`, "Read its result instead.");
}

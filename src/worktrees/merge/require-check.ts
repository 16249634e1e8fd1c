import { findBranchCommit } from "#git/repository/branches.ts";
import { hasUncommittedBesideTraces } from "#git/changes/check-traces.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { AppError } from "#base/errors.ts";
import { nameCheck } from "#domain/check.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import type { TaskWorktree } from "#worktrees/task-worktree.ts";

/**
 * Checks that the last run of each task has passed its check, and that nothing has changed since.
 * @throws AppError `unchecked_work`
 */
export async function requireChecks(sites: readonly TaskWorktree[]): Promise<void> {
  for (const site of sites) {
    const tip = await findBranchCommit(site.folder, site.branch);
    requireCheck(site, tip);
    const isThere = (await findWorktreeGitDir(site.path, site.repository)) !== undefined;
    if (isThere && (await hasUncommittedBesideTraces(site.path))) {
      throw unchecked(site.task, `${site.path} has changes that were not committed when it was checked`);
    }
  }
}

/**
 * Checks that the last run of a task has passed its check with this commit.
 * @throws AppError `unchecked_work`
 */
export function requireCheck({ task, branch }: TaskWorktree, tip: string | undefined): void {
  const why = whyUnchecked(task, branch, tip);
  if (why !== undefined) throw unchecked(task, why);
}

function whyUnchecked(task: TaskRecord, branch: string, tip: string | undefined): string | undefined {
  if (!isEnded(task)) return "it has not ended";
  const { check } = task;
  if (check === undefined) return "its last run had no check, or did not get to it";
  if (!check.passed) return `its check ${nameCheck(check.command)} failed`;
  if (check.commit === undefined) return "some of the files that were checked were not committed";
  if (check.commit === tip) return undefined;
  return `branch ${branch} has changed since the check of commit ${check.commit.slice(0, 12)}`;
}

function unchecked({ task_id }: TaskRecord, why: string): AppError {
  return new AppError(
    "unchecked_work",
    `The work of ${task_id} has not passed a check: ${why}.`,
    "Call codex with resume and a check to have the work checked, or merge without require_check.",
  );
}

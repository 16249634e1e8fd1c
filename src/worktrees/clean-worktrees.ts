import { deleteSalvage } from "#git/salvage/list-salvage.ts";
import { forgetGoneWorktree } from "#git/worktree/remove-worktree.ts";
import { secondsBetween } from "#platform/clock.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import type { AppContext } from "#tasks/context.ts";
import { type DiscardedWorktree, discardSite } from "./discard-worktree.ts";
import { type KeptWorktree, type KnownSalvage, listKnownSalvage, SALVAGE_SECONDS } from "./known-salvage.ts";
import { type KnownWorktree, listWorktrees } from "./list-worktrees.ts";
import type { WorktreeReport } from "./worktree-report.ts";

/** Selects worktrees, by all that is set. Others' worktrees, and those of running tasks, are never selected. */
export interface WorktreeFilter {
  /** All of whose work is in their base; with `unchanged`, those that meet either. */
  merged?: boolean;
  /** Without any work. */
  unchanged?: boolean;
  /** Whose folders are gone. */
  gone?: boolean;
  /** Whose last task began at least so long ago. */
  olderThanSeconds?: number | undefined;
}

/** Returns the worktrees that a filter means. */
export async function planWorktreeCleanUp(context: AppContext, filter: WorktreeFilter): Promise<KnownWorktree[]> {
  const all = await listWorktrees(context, true);
  return all.filter(({ report }) => {
    if (!report.made_here || report.state === "running" || report.state === "unreadable") return false;
    if (filter.gone !== undefined && filter.gone !== (report.state === "gone")) return false;
    if (filter.gone === undefined && report.state === "gone") return false;
    if (!hasState(report, filter)) return false;
    const { olderThanSeconds } = filter;
    const age = report.last_task === undefined ? Number.POSITIVE_INFINITY : secondsBetween(report.last_task.at);
    return olderThanSeconds === undefined || age >= olderThanSeconds;
  });
}

function hasState(report: WorktreeReport, { merged = false, unchanged = false }: WorktreeFilter): boolean {
  return (!merged && !unchanged) || (merged && report.is_merged) || (unchanged && report.is_unchanged);
}

/** Result of removing a worktree. */
export type CleanedWorktree = Partial<Pick<DiscardedWorktree, "salvage" | "left_behind">>;

/**
 * Removes a worktree, after all that it holds is saved; of one whose folder is gone, only git's record: its branch stays.
 * @returns the ref that has all of it, where there was something to save
 * @throws AppError as {@link discardSite} does
 */
export async function cleanWorktree(context: AppContext, { site, report }: KnownWorktree): Promise<CleanedWorktree> {
  if (report.state !== "gone") {
    const { salvage, left_behind } = await discardSite(context, site, true);
    return { salvage, ...(left_behind !== undefined && { left_behind }) };
  }
  await withRepositoryLock(context.store, site.repository, () => forgetGoneWorktree(site.repository, site.path));
  return {};
}

/** Returns what is kept of discarded worktrees longer than it has to be, in all repositories that tasks have worked in. */
export async function listExpiredSalvage(context: AppContext): Promise<KnownSalvage> {
  const { kept, problems } = await listKnownSalvage(context);
  return { kept: kept.filter(({ savedAt }) => secondsBetween(savedAt) >= SALVAGE_SECONDS), problems };
}

/** Deletes what is kept of a discarded worktree. @throws AppError `git_failed` */
export async function dropExpired({ repository, ref, commit }: KeptWorktree): Promise<void> {
  await deleteSalvage(repository, ref, commit);
}

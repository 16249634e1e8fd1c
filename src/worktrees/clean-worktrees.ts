import { deleteSalvage } from "#git/salvage/list-salvage.ts";
import { forgetGoneWorktree } from "#git/worktree/remove-worktree.ts";
import { secondsBetween } from "#platform/clock.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import type { AppContext } from "#tasks/context.ts";
import { type DiscardedWorktree, discardSite } from "./discard-worktree.ts";
import { type KeptWorktree, type KnownSalvage, listKnownSalvage, SALVAGE_LIFETIME_SECONDS } from "./known-salvage.ts";
import { type KnownWorktree, listWorktrees } from "./list-worktrees.ts";
import type { WorktreeReport } from "./worktree-report.ts";

/** Selects worktrees that meet all conditions that are set. Worktrees of others, and of running tasks, are never selected. */
export interface WorktreeFilter {
  /** Selects worktrees whose work is all in their base; set together with `unchanged`, those that meet either condition. */
  merged?: boolean;
  /** Selects worktrees without any work. */
  unchanged?: boolean;
  /** Selects worktrees whose folders are gone. */
  gone?: boolean;
  /** Minimum age of a worktree's last task, in seconds since it began. */
  olderThanSeconds?: number | undefined;
  /** Number of the most recently used worktrees that are not selected. */
  keepNewest?: number | undefined;
}

/** Returns the worktrees that a filter selects. */
export async function planWorktreeCleanUp(context: AppContext, filter: WorktreeFilter): Promise<KnownWorktree[]> {
  const all = await listWorktrees(context, true);
  const newest = new Set(all.toSorted(byLastUse).slice(0, filter.keepNewest ?? 0));
  return all.filter((known) => {
    const { report } = known;
    if (newest.has(known)) return false;
    if (!report.made_here || report.state === "running" || report.state === "unreadable") return false;
    if (filter.gone !== undefined && filter.gone !== (report.state === "gone")) return false;
    if (filter.gone === undefined && report.state === "gone") return false;
    if (!hasState(report, filter)) return false;
    const { olderThanSeconds } = filter;
    const age = report.last_task === undefined ? Number.POSITIVE_INFINITY : secondsBetween(report.last_task.at);
    return olderThanSeconds === undefined || age >= olderThanSeconds;
  });
}

/** Orders worktrees by their last task, the newest first. */
function byLastUse({ report: a }: KnownWorktree, { report: b }: KnownWorktree): number {
  return (b.last_task?.at ?? "").localeCompare(a.last_task?.at ?? "");
}

function hasState(report: WorktreeReport, { merged = false, unchanged = false }: WorktreeFilter): boolean {
  return (!merged && !unchanged) || (merged && report.is_merged) || (unchanged && report.is_unchanged);
}

/** Result of removing a worktree. */
export type CleanedWorktree = Partial<Pick<DiscardedWorktree, "salvage" | "left_behind">>;

/**
 * Removes a worktree after saving everything in it. If its folder is gone, removes only git's record of it and keeps its
 * branch.
 * @returns the ref of the saved worktree, if there was something to save
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

/** Returns the saved worktrees whose retention period is over, in all repositories that tasks have worked in. */
export async function listExpiredSalvage(context: AppContext): Promise<KnownSalvage> {
  const { kept, problems } = await listKnownSalvage(context);
  return { kept: kept.filter(({ savedAt }) => secondsBetween(savedAt) >= SALVAGE_LIFETIME_SECONDS), problems };
}

/** Deletes a saved worktree. @throws AppError `git_failed` */
export async function dropExpired({ repository, ref, commit }: KeptWorktree): Promise<void> {
  await deleteSalvage(repository, ref, commit);
}

import { deleteSalvage, listSalvage, type Salvage } from "#git/salvage/list-salvage.ts";
import { forgetGoneWorktree } from "#git/remove-worktree.ts";
import { secondsBetween } from "#lib/clock.ts";
import { pathExists } from "#lib/paths.ts";
import { withRepositoryLock } from "#store/lock.ts";
import { listStoredWorktrees } from "#store/worktree-base.ts";
import type { AppContext } from "./context.ts";
import { discardSite } from "./discard-worktree.ts";
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

/**
 * Removes a worktree, after all that it holds is saved; of one whose folder is gone, only git's record: its branch stays.
 * @returns the ref that has all of it, where there was something to save
 * @throws AppError as {@link discardSite} does
 */
export async function cleanWorktree(context: AppContext, { site, report }: KnownWorktree): Promise<string | undefined> {
  if (report.state !== "gone") return (await discardSite(context, site, true)).salvage;
  await withRepositoryLock(context.store, site.repository, () => forgetGoneWorktree(site.repository, site.path));
  return undefined;
}

/** What was saved of a discarded worktree is kept so long. */
const SALVAGE_SECONDS = 90 * 24 * 3600;

/** A discarded worktree that is past its time. */
export interface ExpiredSalvage extends Salvage {
  repository: string;
}

/** Returns what is kept of discarded worktrees longer than it has to be, in all repositories that tasks have worked in. */
export async function listExpiredSalvage({ store }: AppContext): Promise<ExpiredSalvage[]> {
  const repositories = new Set(listStoredWorktrees(store).map(({ workspace }) => workspace));
  const expired: ExpiredSalvage[] = [];
  for (const repository of repositories) {
    if (!pathExists(repository)) continue;
    for (const salvage of await listSalvage(repository)) {
      if (secondsBetween(salvage.savedAt) >= SALVAGE_SECONDS) expired.push({ ...salvage, repository });
    }
  }
  return expired;
}

/** Gives it up for good. */
export async function dropSalvage({ repository, ref, commit }: ExpiredSalvage): Promise<void> {
  await deleteSalvage(repository, ref, commit);
}

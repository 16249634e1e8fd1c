import { measureSalvage } from "#git/salvage/list-salvage.ts";
import { mapLimited } from "#base/map-limited.ts";
import type { AppContext } from "#tasks/context.ts";
import { type KnownSalvage, listKnownSalvage, SALVAGE_LIFETIME_SECONDS } from "./known-salvage.ts";

/** A discarded worktree that can be restored. */
export interface DiscardedReport {
  agent_branch: string;
  /** The ref that has all of it. */
  salvage: string;
  /** The repository's common git folder. */
  repository: string;
  /** Path of the worktree before it was discarded. */
  worktree_dir?: string;
  discarded_at: string;
  /** Time before which `clean` does not remove it. */
  kept_until: string;
  /** Total size of the files that a restore would bring back, in bytes. */
  bytes: number;
  /** Set if not all files could be counted in time: there are more. */
  has_more_bytes?: true;
}

/** Timeout for measuring all worktrees, in milliseconds. */
const MEASURE_TIMEOUT_MS = 2000;
const MAX_CONCURRENT_WORKTREES = 4;

/** Returns the discarded worktrees that are kept, newest first. @param folder a folder whose repository is searched too */
export async function listDiscarded(
  context: AppContext,
  folder: string,
): Promise<{ discarded: DiscardedReport[]; problems: KnownSalvage["problems"] }> {
  const { kept, problems } = await listKnownSalvage(context, folder);
  const newestFirst = kept.toSorted((a, b) => b.savedAt.localeCompare(a.savedAt));
  const limits = { signal: AbortSignal.timeout(MEASURE_TIMEOUT_MS) };
  const discarded = await mapLimited(
    newestFirst,
    MAX_CONCURRENT_WORKTREES,
    async ({ repository, branch, ref, commit, savedAt }) => {
      const { worktree, bytes, isMore } = await measureSalvage(repository, commit, limits);
      return {
        agent_branch: branch,
        salvage: ref,
        repository,
        ...(worktree !== undefined && { worktree_dir: worktree }),
        discarded_at: savedAt,
        kept_until: new Date(Date.parse(savedAt) + SALVAGE_LIFETIME_SECONDS * 1000).toISOString(),
        bytes,
        ...(isMore && { has_more_bytes: true as const }),
      };
    },
  );
  return { discarded, problems };
}

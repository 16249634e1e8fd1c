import { findGitFolders } from "#git/git-folders.ts";
import { listSalvage, measureSalvage, type Salvage } from "#git/salvage/list-salvage.ts";
import { checkTrusted } from "#git/trust.ts";
import { canReadFolder } from "#git/worktree/worktree-link.ts";
import { toFailure } from "#base/errors.ts";
import { mapLimited } from "#base/concurrency.ts";
import { realPath } from "#base/paths.ts";
import { listStoredWorktrees } from "#store/worktree-base.ts";
import type { AppContext } from "#tasks/context.ts";

/** Retention period of a discarded worktree, in seconds. */
export const SALVAGE_LIFETIME_SECONDS = 90 * 24 * 3600;

/** A discarded worktree that is kept in a repository. */
export interface KeptWorktree extends Salvage {
  /** The repository's common git folder. */
  repository: string;
}

/** All discarded worktrees that are kept. */
export interface KnownSalvage {
  /** The worktrees, newest first within a repository. */
  kept: KeptWorktree[];
  /** Repositories that could not be read, with the reasons. */
  problems: { repository: string; problem: string }[];
}

/** Maximum number of repositories that are read concurrently. */
const MAX_CONCURRENT_REPOSITORIES = 4;

/**
 * Returns the discarded worktrees that are kept in all repositories that tasks have worked in.
 * @param folder a folder whose repository is searched too
 */
export async function listKnownSalvage({ store }: AppContext, folder?: string): Promise<KnownSalvage> {
  const here = folder === undefined ? undefined : await findRepository(folder);
  const stored = listStoredWorktrees(store).map(({ workspace }) => workspace);
  const repositories = [...new Set([...(here === undefined ? [] : [here]), ...stored])];
  const found = await mapLimited(repositories, MAX_CONCURRENT_REPOSITORIES, readRepository);
  return { kept: found.flatMap(({ kept }) => kept), problems: found.flatMap(({ problems }) => problems) };
}

async function readRepository(repository: string): Promise<KnownSalvage> {
  try {
    if (!(await canReadFolder(repository))) return { kept: [], problems: [] };
    const kept = await listSalvage(repository);
    return { kept: kept.map((each) => Object.assign(each, { repository })), problems: [] };
  } catch (error) {
    const { message, hint } = toFailure(error);
    return { kept: [], problems: [{ repository, problem: `${message} ${hint}` }] };
  }
}

/** Returns the common git folder of the repository that contains a folder; undefined if there is no usable one. */
export async function findRepository(folder: string): Promise<string | undefined> {
  const real = realPath(folder);
  try {
    await checkTrusted(real);
    const found = findGitFolders(real);
    return found === undefined ? undefined : realPath(found.commonDir);
  } catch {
    return undefined;
  }
}

/** A discarded worktree that can be restored. */
export interface DiscardedReport {
  agent_branch: string;
  /** Ref of the saved worktree. */
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

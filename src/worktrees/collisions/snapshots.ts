import { mapLimited } from "#base/concurrency.ts";
import { logger } from "#base/log.ts";
import { readUncommitted, type UncommittedState, writeUncommitted } from "#git/snapshots/uncommitted.ts";
import type { CollisionCache } from "#store/collision-cache.ts";
import type { Work } from "./read-works.ts";

/** Work with the commit that stands for all of it, uncommitted work included. */
export interface WorkSnapshot {
  work: Work;
  commit: string;
  isDirty: boolean;
  /** Writes the commit's objects if it is not known to be there; false if the work was changed meanwhile. */
  materialize: () => Promise<boolean>;
}

/** Age up to which an earlier result is used when there is no time for a new one, in milliseconds. */
const FRESH_MS = 60_000;

/** Maximum number of worktrees that are examined concurrently. */
const MAX_CONCURRENT = 4;

/**
 * Examines the files of works, as long as the signal allows. A problem with one does not keep the others from being examined.
 * @param isKnownClean whether a worktree was just found to have nothing uncommitted
 * @returns those that could be examined
 */
export async function takeSnapshots(
  works: readonly Work[],
  cache: CollisionCache,
  isKnownClean: (path: string) => boolean,
  signal: AbortSignal | undefined,
): Promise<WorkSnapshot[]> {
  const taken = await mapLimited(works, MAX_CONCURRENT, async (work) => {
    const { path, gitDir, head } = work;
    if (gitDir === undefined || isKnownClean(path)) return clean(work);
    try {
      if (signal?.aborted !== true) return await examine({ ...work, gitDir }, cache);
    } catch (error) {
      logger("app").debug`${path} is not compared: ${String(error)}`;
      if (signal?.aborted !== true) return undefined;
    }
    const known = cache.workOf(path);
    const isFresh = known?.head === head && Math.abs(Date.now() - known.at) < FRESH_MS;
    if (!isFresh) return undefined;
    return { work, commit: known.commit, isDirty: known.commit !== head, materialize: async () => false };
  });
  return taken.filter((snapshot) => snapshot !== undefined);
}

function clean(work: Work): WorkSnapshot {
  return { work, commit: work.head, isDirty: false, materialize: async () => true };
}

async function examine(work: Work & { gitDir: string }, cache: CollisionCache): Promise<WorkSnapshot> {
  const { path, head } = work;
  const at = Date.now();
  const state = await readUncommitted(work);
  const { signature, isSettled } = state;
  if (signature === undefined) {
    cache.recordWork(path, { head, isSettled, commit: head, at });
    return clean(work);
  }
  const known = cache.workOf(path);
  if (known?.signature === signature && known.isSettled) return fromCache(work, state, known.commit);
  const commit = await writeUncommitted(work, state);
  cache.recordWork(path, { head, signature, isSettled, commit, at });
  return { work, commit, isDirty: true, materialize: async () => true };
}

function fromCache(work: Work, state: UncommittedState, commit: string): WorkSnapshot {
  let written: Promise<boolean> | undefined;
  const write = async () => (await writeUncommitted(work, state).catch(() => undefined)) === commit;
  return { work, commit, isDirty: true, materialize: async () => (written ??= write()) };
}

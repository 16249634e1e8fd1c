import { join } from "node:path";
import type { GitLimits } from "#git/run-git.ts";
import { findUncommittedWork, type UncommittedWork } from "#git/changes/status.ts";
import { type FolderSize, measureFolder } from "#platform/files/folder-size.ts";
import { mapLimited, waitUpTo } from "#base/concurrency.ts";
import { statIfAny } from "#base/paths.ts";

/** A worktree whose files are to be examined. */
export interface InspectionTarget {
  path: string;
  /** The worktree's own git folder; undefined if the worktree is gone. */
  gitDir: string | undefined;
  /** Time when the last task began there. */
  usedAt: string;
}

/** State and size of a worktree's files. */
export interface WorktreeFiles {
  work: UncommittedWork;
  size: FolderSize;
}

/** Timeouts for examining all worktrees, for uncommitted work and for sizes, in milliseconds. */
const WORK_TIMEOUT_MS = 450;
const SIZES_TIMEOUT_MS = 150;
/**
 * Limits of small worktrees, which are examined completely even on a busy machine: total bytes of indexes, total number of
 * files, and the timeout in milliseconds.
 */
const SMALL_INDEX_BYTES = 16 * 1024 * 1024;
const SMALL_ENTRIES = 10_000;
const SMALL_WORKTREE_TIMEOUT_MS = 3000;
/** Timeouts of an exact examination, for one worktree and for the sizes of all, in milliseconds. */
const EXACT_WORK_TIMEOUT_MS = 60_000;
const EXACT_SIZES_TIMEOUT_MS = 10_000;
/** Maximum number of worktrees that are examined concurrently. */
const MAX_CONCURRENT_WORKTREES = 4;

/**
 * Examines the files of worktrees: the small ones first, then the large ones, the most recently used first.
 * @param isExact whether to examine all, however long that takes; otherwise the result states what is not known
 */
export async function inspectWorktrees<Target extends InspectionTarget>(
  targets: readonly Target[],
  isExact: boolean,
): Promise<ReadonlyMap<Target, WorktreeFiles>> {
  const { small, large } = partBySize(targets);
  const exact: GitLimits = { deadlineMs: EXACT_WORK_TIMEOUT_MS };
  const limited: GitLimits = { signal: AbortSignal.timeout(WORK_TIMEOUT_MS) };
  const inOrder = [...small, ...large];
  const checks = mapLimited(inOrder, MAX_CONCURRENT_WORKTREES, async (target) => {
    if (target.gitDir === undefined) return "none";
    const quick = small.has(target) ? { deadlineMs: SMALL_WORKTREE_TIMEOUT_MS } : limited;
    return findUncommittedWork(target.path, isExact ? exact : quick);
  });
  await (isExact ? checks : waitUpTo(WORK_TIMEOUT_MS, checks));
  const begin = performance.now();
  const deadline = begin + (isExact ? EXACT_SIZES_TIMEOUT_MS : SIZES_TIMEOUT_MS);
  const grace = { entries: SMALL_ENTRIES, deadline: begin + SMALL_WORKTREE_TIMEOUT_MS };
  const sizes = inOrder.map(async ({ path }) => measureFolder(path, { deadline, grace }));
  const [work, size] = await Promise.all([checks, Promise.all(sizes)]);
  return new Map(
    inOrder.map((target, index) => [
      target,
      { work: work[index] ?? "unknown", size: size[index] ?? { bytes: 0, isMore: true } },
    ]),
  );
}

function partBySize<Target extends InspectionTarget>(
  targets: readonly Target[],
): { small: ReadonlySet<Target>; large: readonly Target[] } {
  const sizes = new Map(targets.map((target) => [target, indexBytes(target)]));
  const sizeOf = (target: Target) => sizes.get(target) ?? 0;
  const small = new Set<Target>();
  let left = SMALL_INDEX_BYTES;
  for (const target of targets.toSorted((a, b) => sizeOf(a) - sizeOf(b))) {
    left -= sizeOf(target);
    if (left < 0) break;
    small.add(target);
  }
  const newestFirst = targets.toSorted((a, b) => (a.usedAt < b.usedAt ? 1 : -1));
  return { small, large: newestFirst.filter((target) => !small.has(target)) };
}

/** Returns the size of a worktree's index in bytes, which grows with the number of files that git has to examine. */
function indexBytes({ gitDir }: InspectionTarget): number {
  return gitDir === undefined ? 0 : (statIfAny(join(gitDir, "index"))?.size ?? 0);
}

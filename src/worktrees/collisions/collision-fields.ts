import { lstat } from "node:fs/promises";
import { mapLimited, waitUpTo } from "#base/concurrency.ts";
import { logger } from "#base/log.ts";
import type { CollisionFields } from "#domain/collision.ts";
import { findNewestTaskIn } from "#store/tasks/list-tasks.ts";
import { listStoredWorktrees, type StoredWorktree } from "#store/worktree-base.ts";
import type { AppContext } from "#tasks/context.ts";
import type { KnownWorktree } from "#worktrees/list-worktrees.ts";
import type { TimeLimits } from "./deadline.ts";
import { type Collisions, findCollisionObstacle, findCollisions } from "./find-collisions.ts";

/** Task that may have a worktree. */
export interface WorktreeTask {
  task_id: string;
  worktree_dir?: string;
}

/** Limits while an answer waits for a comparison: by default, and for answers to which known results suffice. */
const USUAL: TimeLimits = { usualMs: 2000, smallMs: 3000 };
const QUICK: TimeLimits = { usualMs: 300, smallMs: 2000 };
/** Limits for comparing all worktrees exactly. */
const EXACT: TimeLimits = { usualMs: 10 * 60_000, smallMs: 10 * 60_000 };
/** Time for ending the git commands at the deadline and removing their objects, and for a disk to respond, in milliseconds. */
const END_MS = 1000;
const DISK_MS = 100;

/** Maximum number of repositories whose worktrees are compared concurrently. */
const MAX_CONCURRENT = 2;

/**
 * Returns what is known about merging the work of tasks, by task id; nothing for tasks without a worktree. It never fails, and takes no longer
 * than its limit.
 * @param isQuick whether known results suffice, unless new ones take no time
 */
export async function readTaskCollisions(
  context: AppContext,
  tasks: readonly WorktreeTask[],
  isQuick: boolean,
): Promise<ReadonlyMap<string, CollisionFields>> {
  const byPath = new Map<string, CollisionFields>();
  const paths = new Set(tasks.map(({ worktree_dir }) => worktree_dir).filter((path) => path !== undefined));
  if (paths.size === 0) return byPath;
  await compare(context, isQuick ? QUICK : USUAL, byPath, { only: paths });
  return new Map(
    tasks.flatMap(({ task_id, worktree_dir }): [string, CollisionFields][] => {
      const fields = worktree_dir === undefined ? undefined : byPath.get(worktree_dir);
      return fields === undefined ? [] : [[task_id, fields]];
    }),
  );
}

/** Returns an answer about a task with what is known about merging its work, see {@link readTaskCollisions}. */
export async function withCollisions<Answer extends object>(
  context: AppContext,
  task: WorktreeTask,
  answer: Answer,
  isQuick: boolean,
): Promise<Answer & CollisionFields> {
  return { ...answer, ...(await readTaskCollisions(context, [task], isQuick)).get(task.task_id) };
}

/** Worktrees with what is known about merging their work. */
export interface ComparedWorktrees {
  worktrees: KnownWorktree[];
  /** Reason why worktrees cannot be compared at all. */
  obstacle: string | undefined;
}

/**
 * Adds to the reports on worktrees what is known about merging their work.
 * @param isExact whether to compare all, however long that takes
 */
export async function compareWorktrees(
  context: AppContext,
  worktrees: readonly KnownWorktree[],
  isExact: boolean,
): Promise<ComparedWorktrees> {
  const obstacle = await findCollisionObstacle().catch(() => undefined);
  const byPath = new Map<string, CollisionFields>();
  const clean = new Set(
    worktrees
      .filter(({ report }) => !report.has_uncommitted_work && report.on_branch === undefined)
      .map(({ site }) => site.path),
  );
  const isKnownClean = (path: string) => clean.has(path);
  if (obstacle === undefined) await compare(context, isExact ? EXACT : USUAL, byPath, { isKnownClean });
  const compared = worktrees.map(({ site, report }) => ({ site, report: { ...report, ...byPath.get(site.path) } }));
  return { worktrees: compared, obstacle };
}

/** Maximum number of conflicting tasks in an answer. */
const MAX_TASKS = 20;

interface CompareOptions {
  only?: ReadonlySet<string>;
  isKnownClean?: (path: string) => boolean;
}

/** Compares worktrees until a deadline. @param found receives the results by worktree */
async function compare(
  { config, store }: AppContext,
  limits: TimeLimits,
  found: Map<string, CollisionFields>,
  options: CompareOptions,
): Promise<void> {
  const { only } = options;
  const byRepository = Map.groupBy(listStoredWorktrees(store), ({ workspace }) => workspace);
  const wanted = [...byRepository].filter(([, all]) => only === undefined || all.some((each) => isIn(only, each)));
  const answered = new Set<string>();
  let isOver = false;
  const work = mapLimited(wanted, MAX_CONCURRENT, async ([repository, worktrees]) => {
    if (isOver) return;
    try {
      const request = { home: config.home, repository, worktrees, limits, ...options };
      const collisions = await findCollisions(request);
      const toName = (path: string) => nameOf(path, worktrees);
      for (const [path, each] of collisions) found.set(path, toFields(each, toName));
      answered.add(repository);
    } catch (error) {
      logger("app").debug`The worktrees of ${repository} were not compared: ${String(error)}`;
    }
  });
  const nameOf = (path: string, worktrees: readonly StoredWorktree[]) =>
    findNewestTaskIn(store, path)?.task_id ??
    worktrees.find(({ worktree_dir }) => worktree_dir === path)?.agent_branch ??
    path;
  // A disk that does not respond must not delay the answer either.
  await waitUpTo(Math.max(limits.usualMs, limits.smallMs) + END_MS, work);
  isOver = true;
  for (const [, all] of wanted.filter(([repository]) => !answered.has(repository))) {
    const there = await listExisting(all);
    for (const each of there.filter((worktree) => only === undefined || isIn(only, worktree))) {
      const others = there.filter(({ base_branch }) => base_branch === each.base_branch).length - 1;
      if (others > 0) found.set(each.worktree_dir, { not_compared: others });
    }
  }
}

/** Returns the worktrees that exist, or may exist: their disk does not respond in time. */
async function listExisting(all: readonly StoredWorktree[]): Promise<StoredWorktree[]> {
  const gone = new Set<StoredWorktree>();
  const looks = all.map(async (worktree) => lstat(worktree.worktree_dir).catch(() => gone.add(worktree)));
  await waitUpTo(DISK_MS, Promise.all(looks));
  return all.filter((worktree) => !gone.has(worktree));
}

function isIn(only: ReadonlySet<string>, { worktree_dir }: StoredWorktree): boolean {
  return only.has(worktree_dir);
}

function toFields(
  { conflicts, mergesCleanly, notCompared }: Collisions,
  nameOf: (path: string) => string,
): CollisionFields {
  const conflicts_with = conflicts
    .map(({ worktree, files, total }) => ({
      task: nameOf(worktree),
      files,
      ...(total > files.length && { files_total: total }),
    }))
    .toSorted((a, b) => (a.task < b.task ? -1 : 1));
  return {
    ...(conflicts_with.length > 0 && { conflicts_with: conflicts_with.slice(0, MAX_TASKS) }),
    ...(conflicts_with.length > MAX_TASKS && { conflicts_total: conflicts_with.length }),
    ...(mergesCleanly !== undefined && { merges_cleanly: mergesCleanly }),
    ...(notCompared > 0 && { not_compared: notCompared }),
  };
}

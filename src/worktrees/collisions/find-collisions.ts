import { logger } from "#base/log.ts";
import { gitVersion, hasMergeBatches, hasTreeMerge } from "#git/git.ts";
import { findOurCommits } from "#git/repository/objects.ts";
import { withObjectFolder } from "#git/git-context.ts";
import { CollisionCache, withCollisionFolder } from "#store/collision-cache.ts";
import type { StoredWorktree } from "#store/worktree-base.ts";
import { CompareDeadline, type TimeLimits } from "./deadline.ts";
import { findTarget, readWorks, type RepositoryWorks } from "./read-works.ts";
import { readSettings } from "./settings.ts";
import { type WorkSnapshot, takeSnapshots } from "./snapshots.ts";
import { type Trial, tryMerges } from "./try-merges.ts";

/** Results of trying to merge the work of one worktree. */
export interface Collisions {
  /** Other worktrees whose work conflicts with this one's. */
  conflicts: { worktree: string; files: string[]; total: number }[];
  /** Whether the work merges into its base branch as that is now; undefined if there is nothing to merge, or it is not known. */
  mergesCleanly: boolean | undefined;
  /** Number of other worktrees of the same base that it was not compared with. */
  notCompared: number;
}

/** Request to compare the works of a repository's worktrees. */
export interface CollisionRequest {
  /** The state folder. */
  home: string;
  /** The repository's common git folder. */
  repository: string;
  worktrees: readonly StoredWorktree[];
  /** Worktrees to compare with all others; all if undefined. */
  only?: ReadonlySet<string> | undefined;
  /** When the comparison ends: what is not known by then is counted as not compared. */
  limits: TimeLimits;
  /** Whether a worktree was just found to have nothing uncommitted. */
  isKnownClean?: (path: string) => boolean;
}

let version: string | undefined;

/** Returns why worktrees cannot be compared here; undefined if they can. @throws AppError `git_missing` */
export async function findCollisionObstacle(): Promise<string | undefined> {
  version ??= await gitVersion();
  return hasTreeMerge(version) ? undefined : `git ${version} cannot try merges; git 2.38 or later can.`;
}

/**
 * Compares the works of a repository's worktrees with each other and with their base branches. Objects are written to a temporary folder;
 * the repository is only read.
 * @returns what is known, by worktree
 * @throws AppError as `git` does
 */
export async function findCollisions(request: CollisionRequest): Promise<ReadonlyMap<string, Collisions>> {
  if ((await findCollisionObstacle()) !== undefined) return new Map();
  const { home, repository, limits } = request;
  const deadline = new CompareDeadline(limits);
  const { signal } = deadline;
  try {
    return await withCollisionFolder(home, async (folder) =>
      withObjectFolder({ repository, folder, signal }, async () => compareAll(request, deadline)),
    );
  } finally {
    deadline.close();
  }
}

async function compareAll(
  request: CollisionRequest,
  deadline: CompareDeadline,
): Promise<ReadonlyMap<string, Collisions>> {
  const { home, repository, worktrees, only, isKnownClean = () => false } = request;
  const { signal } = deadline;
  const isWanted = (path: string) => only?.has(path) ?? true;
  const groups = Map.groupBy(worktrees, groupOf);
  const wanted = [...groups.values()].filter((group) => group.some(({ worktree_dir }) => isWanted(worktree_dir)));
  const facts = await readWorks(repository, wanted.flat());
  deadline.setWorks(facts.works);
  const cache = new CollisionCache(home, repository, await readSettings(repository, version ?? ""));
  // The wanted ones first: they may be the only ones for which there is time.
  const inOrder = facts.works.toSorted((a, b) => Number(isWanted(b.path)) - Number(isWanted(a.path)));
  const snapshots = await takeSnapshots(inOrder, cache, isKnownClean, signal);
  const found = new Map<string, Collisions>();
  try {
    for (const group of wanted) await compareGroup({ signal, facts, cache, isWanted }, group, snapshots, found);
  } finally {
    cache.save();
  }
  return found;
}

/** Worktrees are compared if their work will be merged into the same branch, or began from the same commit of none. */
function groupOf({ base_branch, base_commit }: StoredWorktree): string {
  return base_branch === undefined ? `commit ${base_commit}` : `branch ${base_branch}`;
}

interface Comparison {
  signal: AbortSignal;
  facts: RepositoryWorks;
  cache: CollisionCache;
  isWanted: (path: string) => boolean;
}

async function compareGroup(
  comparison: Comparison,
  group: readonly StoredWorktree[],
  all: readonly WorkSnapshot[],
  found: Map<string, Collisions>,
): Promise<void> {
  const { facts, cache, isWanted } = comparison;
  const paths = new Set(group.map(({ worktree_dir }) => worktree_dir));
  const examined = all.filter(({ work }) => paths.has(work.path));
  const open: WorkSnapshot[] = [];
  for (const snapshot of examined) if (await isOpen(snapshot, facts)) open.push(snapshot);
  open.sort((a, b) => (a.work.stored.agent_branch < b.work.stored.agent_branch ? -1 : 1));
  const pairs = pairUp(open).filter(([one, other]) => isWanted(one.work.path) || isWanted(other.work.path));
  const trials = new Map(pairs.map((pair) => [pair, toTrial(...pair)]));
  const bases = await toBaseTrials(
    open.filter(({ work }) => isWanted(work.path)),
    facts,
  );
  await runTrials(comparison, open, [...bases.values(), ...trials.values()]);
  const unexamined = listUnexamined(paths, facts, examined);
  for (const path of unexamined.filter(isWanted)) {
    // It cannot be compared with any other.
    const notCompared = open.length + unexamined.length - 1;
    found.set(path, { conflicts: [], mergesCleanly: undefined, notCompared });
  }
  for (const { work } of examined) {
    if (isWanted(work.path)) found.set(work.path, { conflicts: [], mergesCleanly: undefined, notCompared: 0 });
  }
  for (const [{ work }, { key }] of bases) {
    const collisions = found.get(work.path);
    if (collisions !== undefined) collisions.mergesCleanly = cache.mergeOf(key)?.isClean;
  }
  for (const { work } of open) {
    const collisions = found.get(work.path);
    if (collisions !== undefined) collisions.notCompared = unexamined.length;
  }
  for (const [[one, other], { key }] of trials) addResult(found, [one.work.path, other.work.path], cache, key);
}

async function runTrials(
  { signal, facts, cache }: Comparison,
  open: readonly WorkSnapshot[],
  trials: readonly Trial[],
): Promise<void> {
  const [first] = open;
  if (first === undefined) return;
  const { stored } = first.work;
  const reference = findTarget(stored, facts.tips) ?? stored.base_commit;
  const context = { facts, cache, reference, hasBatches: hasMergeBatches(version ?? ""), signal };
  try {
    await tryMerges(context, trials);
  } catch (error) {
    logger("app").debug`The worktrees of ${facts.repository} were not compared: ${String(error)}`;
  }
}

/** Returns the worktrees whose work is not known. */
function listUnexamined(
  paths: ReadonlySet<string>,
  { works, unknown }: RepositoryWorks,
  examined: readonly WorkSnapshot[],
): string[] {
  const isExamined = new Set(examined.map(({ work }) => work.path));
  const all = [...works.map(({ path }) => path), ...unknown.map(({ worktree_dir }) => worktree_dir)];
  return all.filter((path) => paths.has(path) && !isExamined.has(path));
}

function addResult(
  found: Map<string, Collisions>,
  [one, other]: readonly [string, string],
  cache: CollisionCache,
  key: string,
): void {
  const result = cache.mergeOf(key);
  for (const [path, worktree] of [
    [one, other],
    [other, one],
  ] as const) {
    const collisions = found.get(path);
    if (collisions === undefined) continue;
    if (result === undefined) collisions.notCompared++;
    else if (!result.isClean) {
      collisions.conflicts.push({ worktree, files: result.files, total: result.total ?? result.files.length });
    }
  }
}

/** Returns whether there is work that is not merged. */
async function isOpen({ work, isDirty }: WorkSnapshot, { tips, graph }: RepositoryWorks): Promise<boolean> {
  const { stored, head } = work;
  if (isDirty) return true;
  if (await graph.isAncestor(head, stored.base_commit)) return false;
  const target = findTarget(stored, tips);
  if (target === undefined) return true;
  if (await graph.isAncestor(head, target)) return false;
  const { merged } = stored;
  return !(merged?.tip === head && (await graph.isAncestor(merged.commit, target)));
}

function pairUp(all: readonly WorkSnapshot[]): (readonly [WorkSnapshot, WorkSnapshot])[] {
  return all.flatMap((one, index) => all.slice(index + 1).map((other) => [one, other] as const));
}

function toTrial(one: WorkSnapshot, other: WorkSnapshot): Trial {
  return {
    key: `${one.commit} ${other.commit}`,
    ours: one.commit,
    theirs: other.commit,
    heads: [one.work.head, other.work.head],
    snapshots: [one, other],
  };
}

/** Returns whether the target has a part of the work as another commit. */
async function hasMergedPart(
  { graph }: RepositoryWorks,
  merged: StoredWorktree["merged"],
  target: string,
  head: string,
): Promise<boolean> {
  if (merged === undefined) return false;
  return (await graph.isAncestor(merged.commit, target)) && graph.isAncestor(merged.tip, head);
}

/** Returns the merges of works into their base branches, of those that have one. */
async function toBaseTrials(all: readonly WorkSnapshot[], facts: RepositoryWorks): Promise<Map<WorkSnapshot, Trial>> {
  const commits = new Set(all.map(({ work }) => work.stored.base_commit));
  const ours = await findOurCommits(facts.repository, [...commits]);
  const trials = new Map<WorkSnapshot, Trial>();
  for (const snapshot of all) {
    const { stored, head } = snapshot.work;
    const target = findTarget(stored, facts.tips);
    if (target === undefined) continue;
    const { merged, base_commit: base } = stored;
    const plain = { ours: target, theirs: snapshot.commit, heads: [target, head], snapshots: [snapshot] } as const;
    const key = `${target} ${snapshot.commit}`;
    const isSpecial = ours.has(base) || (await hasMergedPart(facts, merged, target, head));
    const special = { key: [key, base, merged?.tip, merged?.commit].join(" "), special: { base, merged } };
    trials.set(snapshot, { ...plain, key, ...(isSpecial && special) });
  }
  return trials;
}

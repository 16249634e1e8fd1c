import { mapLimited } from "#base/concurrency.ts";
import { logger } from "#base/log.ts";
import { toText } from "#git/byte-names.ts";
import { canSquash } from "#git/merge/compute-merge.ts";
import { MergeFolder } from "#git/merge/merge-folder.ts";
import { mergeMany, PAIRS_PER_PROCESS, type TriedMerge } from "#git/merge/merge-many.ts";
import type { CollisionCache, KnownMerge } from "#store/collision-cache.ts";
import { changeKey, mergeSafely, readChangedPaths } from "./changed-paths.ts";
import type { RepositoryWorks } from "./read-works.ts";
import type { WorkSnapshot } from "./snapshots.ts";

/** Merge to try, and where its result is kept. */
export interface Trial {
  key: string;
  ours: string;
  theirs: string;
  /** Commits that the two are based on: a commit of uncommitted work is none that git knows relations of. */
  heads: readonly [ours: string, theirs: string];
  snapshots: readonly WorkSnapshot[];
  /** A merge into a branch that may already have a part of the work, or must not get its uncommitted beginning. */
  special?: { base: string; merged: { tip: string; commit: string } | undefined };
}

/** Maximum number of conflicting files of one merge that are kept. */
const MAX_FILES = 20;

/** Maximum number of worktrees whose uncommitted work is written concurrently. */
const MAX_CONCURRENT = 4;

const CLEAN: KnownMerge = { isClean: true, files: [] };

/** Context in which merges are tried. */
export interface TrialContext {
  facts: RepositoryWorks;
  cache: CollisionCache;
  /** A commit whose attributes most others have. */
  reference: string;
  /** Whether git merges several pairs in one process. */
  hasBatches: boolean;
  signal: AbortSignal | undefined;
}

/**
 * Tries merges whose results are not known, until the signal ends it, and records their results. Those that could not be finished in time
 * before come last.
 */
export async function tryMerges(context: TrialContext, trials: readonly Trial[]): Promise<void> {
  const { cache, facts } = context;
  const wanted = trials.filter(({ key }) => cache.mergeOf(key) === undefined);
  const snapshots = [...new Set(wanted.flatMap((trial) => trial.snapshots))];
  const written = new Set<WorkSnapshot>();
  await mapLimited(snapshots, MAX_CONCURRENT, async (snapshot) => {
    if (await snapshot.materialize()) written.add(snapshot);
  });
  const missing = wanted.filter((trial) => trial.snapshots.every((snapshot) => written.has(snapshot)));
  if (missing.length === 0) return;
  const left: Trial[] = [];
  const plain = missing.filter(({ special }) => special === undefined);
  const { changes, baseOf } = await readChanges(context, plain);
  const changesOf = ({ ours, theirs, heads }: Trial) => {
    const base = facts.graph.findOnlyBase(...heads);
    return base === undefined ? [] : [ours, theirs].map((commit) => changes.get(changeKey(base, commit)));
  };
  for (const trial of plain) {
    const [one, other] = changesOf(trial);
    const isSafe = one !== undefined && other !== undefined && mergeSafely(one, other);
    if (isSafe) cache.recordMerge(trial.key, CLEAN);
    else left.push(trial);
  }
  const usesReference = ({ ours, heads }: Trial) => {
    const base = baseOf(heads[0]);
    const sides = base === undefined ? [] : [context.reference, ours].map((to) => changes.get(changeKey(base, to)));
    return sides.length > 0 && sides.every((side) => side?.changesRules === false);
  };
  const inOrder = [...cache.slow];
  const isSlow = ({ key }: Trial) => cache.slow.has(key);
  const slow = left.filter(isSlow).toSorted((a, b) => inOrder.indexOf(a.key) - inOrder.indexOf(b.key));
  const usual = left.filter((trial) => !isSlow(trial) && usesReference(trial));
  const own = left.filter((trial) => !isSlow(trial) && !usesReference(trial));
  await mergePlain(context, context.reference, usual);
  for (const [ours, some] of Map.groupBy(own, (trial) => trial.ours)) await mergePlain(context, ours, some);
  for (const trial of missing.filter(({ special }) => special !== undefined)) await trySpecial(context, trial);
  for (const trial of slow) await mergePlain(context, trial.ours, [trial], false);
}

/** Reads what changed between the commits and their merge base with the reference. */
async function readChanges({ facts, reference }: TrialContext, trials: readonly Trial[]) {
  const baseOf = (head: string) => facts.graph.findOnlyBase(head, reference);
  const pairs = new Map<string, readonly [string, string]>();
  for (const { ours, theirs, heads } of trials) {
    for (const [head, commit] of [[heads[0], ours] as const, [heads[1], theirs] as const]) {
      const base = baseOf(head);
      if (base === undefined) continue;
      for (const to of [reference, commit]) pairs.set(changeKey(base, to), [base, to]);
    }
  }
  return { changes: await readChangedPaths(facts.repository, [...pairs.values()]), baseOf };
}

async function mergePlain(
  { facts, cache, hasBatches, signal }: TrialContext,
  attributesOf: string,
  trials: readonly Trial[],
  inBatches = hasBatches,
): Promise<void> {
  const isOver = () => signal?.aborted === true;
  if (trials.length === 0 || isOver()) return;
  const byPair = Map.groupBy(trials, ({ ours, theirs }) => `${ours} ${theirs}`);
  const pairs = [...byPair.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
  let reported = 0;
  try {
    await MergeFolder.use(facts.repository, facts.checkout, async (folder) =>
      mergeMany(folder, attributesOf, pairs, inBatches, ({ ours, theirs }, result) => {
        reported++;
        for (const { key } of byPair.get(`${ours} ${theirs}`) ?? []) {
          if (result !== undefined) cache.recordMerge(key, toKnown(result, [ours, theirs]));
        }
      }),
    );
  } catch (error) {
    logger("app").debug`Merges in ${facts.repository} were not tried: ${String(error)}`;
    // One of those that were not finished may be the one that takes long.
    const unfinished = pairs.slice(reported, reported + (inBatches ? PAIRS_PER_PROCESS : 1));
    if (isOver()) for (const { key } of unfinished) cache.recordSlow(key);
  }
}

function toKnown({ isClean, files }: TriedMerge, commits: readonly [string, string]): KnownMerge {
  // git adds the name of a side to a file that is in the way of a folder.
  const side = new RegExp(`~(?:${commits.join("|")})(?:_\\d+)?$`);
  const sorted = [...new Set(files.map((file) => file.replace(side, "")))].toSorted().map(toText);
  return {
    isClean,
    files: sorted.slice(0, MAX_FILES),
    ...(sorted.length > MAX_FILES && { total: sorted.length }),
  };
}

async function trySpecial({ facts, cache, signal }: TrialContext, trial: Trial): Promise<void> {
  const { key, ours: target, theirs: source, special } = trial;
  if (special === undefined || signal?.aborted === true) return;
  const { repository: folder, checkout = folder } = facts;
  const names = ["target", "work"] as const;
  const request = { folder, checkout, strategy: "squash", target, source, ...special, names, message: "" } as const;
  try {
    const isClean = await canSquash(request);
    if (isClean !== undefined) cache.recordMerge(key, { isClean, files: [] });
  } catch (error) {
    logger("app").debug`A merge in ${folder} was not tried: ${String(error)}`;
  }
}

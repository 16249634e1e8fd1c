import { mapLimited } from "#base/concurrency.ts";
import { AppError } from "#base/errors.ts";
import { getTree } from "#git/repository/branches.ts";
import { isOurCommit, OUR_IDENTITY, readCommit, signsCommits, writeCommit } from "#git/repository/objects.ts";
import { isAncestor, findMergeBase } from "#git/repository/history.ts";
import { MergeFolder } from "./merge-folder.ts";
import type { ComputedMerge, MergedPart, MergeRequest, MergeStrategy } from "./merge-request.ts";
import { type MergedTree, mergeTrees } from "./merge-trees.ts";
import { rebaseCommits } from "./rebase-commits.ts";

/**
 * Computes a merge without touching any working tree, index or branch: only objects are written. The result is that of `git
 * merge` (`--squash`, `--no-ff`, `--ff-only`) or `git rebase` in a clone of the repository. Work that was merged before by a
 * squash or rebase counts as merged, which git itself could not detect.
 * @throws AppError `not_fast_forward`, `git_failed`, `identity_missing`
 */
export async function computeMerge(request: MergeRequest): Promise<ComputedMerge> {
  return MergeFolder.use(request.folder, request.checkout, async (mergeFolder) => {
    const { target, strategy } = request;
    if (await isMergedAlready(mergeFolder, request)) return { commit: target };
    const uncommitted = await findUncommittedPart(request);
    if (strategy === "rebase") return rebaseCommits(mergeFolder, request, uncommitted);
    if (uncommitted !== undefined && strategy !== "squash") throw unsuitable(strategy);
    if (strategy === "ff-only") return fastForward(request);
    return mergeWork(mergeFolder, request, uncommitted);
  });
}

/**
 * Returns whether a squash merge of the work would succeed, without making a commit.
 * @returns undefined if that depends on a merge driver: none is run
 * @throws AppError as {@link computeMerge} does
 */
export async function canSquash(request: MergeRequest): Promise<boolean | undefined> {
  return MergeFolder.use(request.folder, request.checkout, async (mergeFolder) => {
    if (mergeFolder.hasDrivers) return undefined;
    if (await isMergedAlready(mergeFolder, request)) return true;
    return !("conflicts" in (await mergeWorkTrees(mergeFolder, request, await findUncommittedPart(request))));
  });
}

/** Returns whether the target has the work. The merge folder then takes earlier squashes or rebases of parts of it into account. */
async function isMergedAlready(mergeFolder: MergeFolder, request: MergeRequest): Promise<boolean> {
  const { folder, merged, target, source } = request;
  if (await isAncestor(folder, source, target)) return true;
  const mergedPart = await findMergedPart(request);
  if (mergedPart !== undefined && merged !== undefined) await mergeFolder.addParent(merged.commit, mergedPart);
  const others = await findSharedWorks(request);
  for (const { commit, tip } of others) await mergeFolder.addParent(commit, tip);
  const hasMerged = mergedPart !== undefined || others.length > 0;
  return hasMerged && (await isAncestor(folder, source, target, mergeFolder.history));
}

/**
 * Finds the commit up to which the target already has the work as another commit: a squash or a rebase leaves no trace in the
 * history. It counts while the target has that other commit.
 */
async function findMergedPart({ folder, merged, target, source }: MergeRequest): Promise<string | undefined> {
  if (merged === undefined || merged.tip === merged.commit) return undefined;
  if (!(await isAncestor(folder, merged.commit, target))) return undefined;
  return (await isAncestor(folder, merged.tip, source)) ? merged.tip : undefined;
}

const MAX_CONCURRENT_GIT = 4;

/** Finds the other merged works that share commits with this one which the target has only as other commits. */
async function findSharedWorks({ folder, others = [], target, source }: MergeRequest): Promise<MergedPart[]> {
  const shared = await mapLimited(others, MAX_CONCURRENT_GIT, async (work) => {
    const base = await findMergeBase(folder, work.tip, source);
    if (base === undefined || (await isAncestor(folder, base, target))) return [];
    return (await isAncestor(folder, work.commit, target)) ? [work] : [];
  });
  return shared.flat();
}

/** Finds the commit of the user's uncommitted changes that the work began from, which must not be merged. */
async function findUncommittedPart({ folder, base, target }: MergeRequest): Promise<string | undefined> {
  return (await isOurCommit(folder, base)) && !(await isAncestor(folder, base, target)) ? base : undefined;
}

async function mergeWork(
  mergeFolder: MergeFolder,
  request: MergeRequest,
  uncommitted: string | undefined,
): Promise<ComputedMerge> {
  const { folder, target, source, strategy, message } = request;
  const merged = await mergeWorkTrees(mergeFolder, request, uncommitted);
  if ("conflicts" in merged) return { ...merged, at: undefined };
  const { tree } = merged;
  const [before, isSigned] = await Promise.all([getTree(folder, `${target}^{tree}`), signsCommits(folder)]);
  const isMerge = strategy === "merge";
  if (!isMerge && tree === before) return { commit: target };
  const parents = isMerge ? [target, source] : [target];
  return { commit: await writeCommit(folder, { tree, parents, message, isSigned }) };
}

async function mergeWorkTrees(
  mergeFolder: MergeFolder,
  request: MergeRequest,
  uncommitted: string | undefined,
): Promise<MergedTree> {
  const { folder, target, source } = request;
  const base = await findMergeBase(folder, target, source, mergeFolder.history);
  if (base === undefined) throw unrelated(request);
  // If the merged part of the work contains the uncommitted changes, there is nothing to remove.
  const isApart = uncommitted !== undefined && !(await isAncestor(folder, uncommitted, base));
  return isApart
    ? mergeWithoutUncommitted(mergeFolder, request, uncommitted, base)
    : mergeTrees(mergeFolder, { ...request, base: undefined, ours: target, theirs: source });
}

/** Removes uncommitted changes from the work, and merges the rest. */
async function mergeWithoutUncommitted(
  mergeFolder: MergeFolder,
  request: MergeRequest,
  uncommitted: string,
  base: string,
): Promise<MergedTree> {
  const { folder, target, source } = request;
  const names = ["without your uncommitted changes", request.names[1]] as const;
  const { parents } = await readCommit(folder, uncommitted);
  const ours = parents[0] ?? uncommitted;
  const work = await mergeTrees(mergeFolder, { folder, base: uncommitted, ours, theirs: source, names });
  if ("conflicts" in work) return work;
  const theirs = await writeCommit(folder, { tree: work.tree, parents: [], message: "-", environment: OUR_IDENTITY });
  return mergeTrees(mergeFolder, { ...request, base, ours: target, theirs });
}

async function fastForward({ folder, target, source, names }: MergeRequest): Promise<ComputedMerge> {
  if (await isAncestor(folder, target, source)) return { commit: source };
  throw new AppError(
    "not_fast_forward",
    `Branch ${names[0]} has commits that ${names[1]} does not have, so it cannot be fast-forwarded.`,
    "Merge with the strategy squash, merge or rebase.",
  );
}

function unsuitable(strategy: MergeStrategy): AppError {
  return new AppError(
    "not_fast_forward",
    `The strategy ${strategy} would also merge the uncommitted changes that the task started from.`,
    "Merge with the strategy squash or rebase, which leave them out.",
  );
}

function unrelated({ names: [target, source] }: MergeRequest): AppError {
  return new AppError(
    "not_fast_forward",
    `Branches ${source} and ${target} have unrelated histories, so git refuses to merge them.`,
    "Merge with the strategy rebase, which applies the commits one by one.",
  );
}

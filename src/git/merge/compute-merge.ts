import { AppError } from "#lib/errors.ts";
import { git } from "../git.ts";
import { writeCommit } from "../write-commit.ts";
import { isAncestor, mergeBaseOf } from "../history.ts";
import { isOurCommit } from "../identity.ts";
import type { Conflict } from "./conflict.ts";
import { type MergedTree, mergeTrees } from "./merge-trees.ts";

/** How a branch's work gets into another. */
export type MergeStrategy = "squash" | "merge" | "rebase" | "ff-only";

/** What is to be merged into what. */
export interface MergeRequest {
  /** A folder in which git commands for the repository run. */
  folder: string;
  strategy: MergeStrategy;
  /** The commit that the work is to be put on. */
  target: string;
  /** The newest commit of the work. */
  source: string;
  /** The commit that the work began from. */
  base: string;
  /** What of the work was merged before, up to which commit and as which, if anything was. */
  merged: { tip: string; commit: string } | undefined;
  /** The branches of target and source, for people. */
  names: readonly [target: string, source: string];
  message: string;
}

/** The commit that the target's branch is to point to, or why there is none. */
export type ComputedMerge = { commit: string } | { conflicts: Conflict[]; at: string | undefined };

/**
 * Works out a merge without touching any working tree, index or branch: only objects are written.
 * @throws AppError `not_fast_forward`, `git_failed`
 */
export async function computeMerge(request: MergeRequest): Promise<ComputedMerge> {
  const { folder, strategy, target, source, base, message } = request;
  if (await isAncestor(folder, source, target)) return { commit: target };
  const since = await findMergedPart(request);
  if (since === source) return { commit: target };
  const isFromTarget = await isAncestor(folder, base, target);
  if (strategy === "rebase") return rebase(request, since ?? (isFromTarget ? undefined : base));
  if (!isFromTarget && strategy !== "squash") throw unsuitable(strategy);
  if (strategy === "ff-only") return fastForward(request);
  const merged = await mergeWork(request, isFromTarget, since);
  if ("conflicts" in merged) return { ...merged, at: undefined };
  const isMerge = strategy === "merge";
  if (!isMerge && merged.tree === (await treeOf(folder, target))) return { commit: target };
  return { commit: await commitTree(folder, merged.tree, isMerge ? [target, source] : [target], message) };
}

/**
 * The commit up to which the target has the work already, under another name: a squash or a rebase leaves no trace in the
 * history. It counts while the target has the commit that it became.
 */
async function findMergedPart({ folder, merged, target, source }: MergeRequest): Promise<string | undefined> {
  if (merged === undefined || !(await isAncestor(folder, merged.commit, target))) return undefined;
  return (await isAncestor(folder, merged.tip, source)) ? merged.tip : undefined;
}

async function mergeWork(request: MergeRequest, isFromTarget: boolean, since: string | undefined): Promise<MergedTree> {
  const { strategy, target, source } = request;
  if (strategy === "squash" && since !== undefined) {
    return mergeTrees({ ...request, base: since, ours: target, theirs: source });
  }
  return isFromTarget ? mergeTrees({ ...request, base: undefined, ours: target, theirs: source }) : takeOver(request);
}

/**
 * Merges work that began from something that the target does not have, and that is not to come along: the user's
 * uncommitted changes, whose commit is taken out of the work first, or else another history.
 */
async function takeOver(request: MergeRequest): Promise<MergedTree> {
  const { folder, target, source, base } = request;
  if (!(await isOurCommit(folder, base))) return mergeTrees({ ...request, base, ours: target, theirs: source });
  const names = ["before your uncommitted work", request.names[1]] as const;
  const work = await mergeTrees({ folder, base, ours: `${base}^`, theirs: source, names });
  if ("conflicts" in work) return work;
  // Later than where the work began, where it has taken the target in meanwhile.
  const from = await mergeBaseOf(folder, target, source);
  return mergeTrees({ ...request, base: from ?? `${base}^`, ours: target, theirs: work.tree });
}

async function fastForward({ folder, target, source }: MergeRequest): Promise<ComputedMerge> {
  if (await isAncestor(folder, target, source)) return { commit: source };
  throw new AppError(
    "not_fast_forward",
    "The branch has gone on since the work began, so it cannot just be moved forward to it.",
    "Merge with the strategy squash, merge or rebase.",
  );
}

/** Puts the work's commits on the target, one by one; merges among them are left out, as git does. */
async function rebase(request: MergeRequest, since: string | undefined): Promise<ComputedMerge> {
  const { folder, target, source } = request;
  const without = [target, ...(since === undefined ? [] : [since])].map((commit) => `^${commit}`);
  const list = await git(folder, ["rev-list", "--reverse", "--topo-order", "--no-merges", source, ...without]);
  let tip = target;
  for (const commit of list.split("\n").filter(Boolean)) {
    const merged = await mergeTrees({ ...request, base: `${commit}^`, ours: tip, theirs: commit });
    if ("conflicts" in merged) return { ...merged, at: commit };
    // A change that the target has already would be an empty commit.
    if (merged.tree !== (await treeOf(folder, tip))) {
      tip = await copyCommit(folder, commit, merged.tree, tip);
    }
  }
  return { commit: tip };
}

/** The same commit, with another tree and parent: its author, time and message stay. */
async function copyCommit(folder: string, commit: string, tree: string, parent: string): Promise<string> {
  const fields = (
    await git(folder, ["show", "--no-patch", "--format=%an%x00%ae%x00%ad%x00%B", "--date=raw", commit])
  ).split("\0");
  const [name = "", email = "", date = "", message = ""] = fields;
  // git refuses to make a commit of nobody, which others can.
  const author = { GIT_AUTHOR_NAME: name || "unknown", GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: date };
  return writeCommit(folder, { tree, parents: [parent], message: message.trimEnd(), environment: author });
}

async function treeOf(folder: string, commit: string): Promise<string> {
  return (await git(folder, ["rev-parse", `${commit}^{tree}`])).trim();
}

async function commitTree(folder: string, tree: string, parents: string[], message: string): Promise<string> {
  return writeCommit(folder, { tree, parents, message });
}

function unsuitable(strategy: MergeStrategy): AppError {
  return new AppError(
    "not_fast_forward",
    `With ${strategy}, what the work began from (uncommitted changes, or another history) would come along.`,
    "Merge with the strategy squash or rebase: they take only what was done since then.",
  );
}

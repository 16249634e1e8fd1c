import type { Conflict } from "./merge-trees.ts";

/** Strategy for merging a branch's work into another branch. */
export type MergeStrategy = "squash" | "merge" | "rebase" | "ff-only";

/** Work that was merged: its last commit, and the commit that it became. */
export interface MergedPart {
  tip: string;
  commit: string;
}

/** Request for a merge. */
export interface MergeRequest {
  /** Folder in which git commands for the repository run. */
  folder: string;
  /** The user's working tree, in which submodules may be checked out. */
  checkout?: string | undefined;
  strategy: MergeStrategy;
  /** Commit to merge the work into. */
  target: string;
  /** Newest commit of the work. */
  source: string;
  /** Commit that the work began from. */
  base: string;
  /** Part of the work that was merged before; undefined if there is none. */
  merged: MergedPart | undefined;
  /** Other works that were merged, which may share a part with this one: a fork has the commits of its task. */
  others?: readonly MergedPart[];
  /** Branches of target and source, for people. */
  names: readonly [target: string, source: string];
  message: string;
}

/** Result of a computed merge: the commit that the target's branch should point to, or the conflicts. */
export type ComputedMerge = { commit: string } | { conflicts: Conflict[]; at: string | undefined };

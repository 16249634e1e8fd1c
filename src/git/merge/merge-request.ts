import type { Conflict } from "./conflict.ts";

/** Way in which a branch's work gets into another. */
export type MergeStrategy = "squash" | "merge" | "rebase" | "ff-only";

/** Request for a merge. */
export interface MergeRequest {
  /** A folder in which git commands for the repository run. */
  folder: string;
  /** The user's working tree, where submodules may be checked out. */
  checkout?: string | undefined;
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

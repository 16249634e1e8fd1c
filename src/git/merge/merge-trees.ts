import { treeOf } from "#git/repository/branches.ts";
import { splitNul, toBytes, toText } from "#git/byte-names.ts";
import { gitFailure } from "#git/git-failure.ts";
import { type Conflict, readConflict } from "./conflict.ts";
import type { MergeFolder } from "./merge-folder.ts";

/** Result of merging two commits: a tree, or their conflicts. */
export type MergedTree = { tree: string } | { conflicts: Conflict[] };

/** Maximum number of reported conflicts. */
const MAX_CONFLICTS = 20;

/** Request to merge two commits. */
export interface TreeMerge {
  /** Folder in which git commands for the repository run. */
  folder: string;
  /** Commit to compare both with; undefined: their merge base. */
  base?: string | undefined;
  ours: string;
  theirs: string;
  /** Names of the two commits in reported conflicts. */
  names: readonly [ours: string, theirs: string];
}

/**
 * Merges two commits as `git merge` does; only objects are written.
 * @throws AppError `git_failed`
 */
export async function mergeTrees(
  space: MergeFolder,
  { folder, base, ours, theirs, names }: TreeMerge,
): Promise<MergedTree> {
  // Only one side has changed anything.
  const changed = base === ours ? theirs : base === theirs ? ours : undefined;
  if (changed !== undefined) return { tree: await treeOf(folder, `${changed}^{tree}`) };
  const { exitCode, stdout, stderr } = await space.mergeTree(ours, theirs, base);
  // The tree, then the files with conflicts.
  const [tree = "", ...files] = splitNul(stdout).filter((field) => field !== "");
  if (exitCode === 0) return { tree };
  if (exitCode !== 1 || tree === "") throw gitFailure(folder, ["merge-tree"], stderr.toString());
  const paths = [...new Set(files)].slice(0, MAX_CONFLICTS);
  const conflicts: Conflict[] = [];
  for (const path of paths) {
    const hunks = await readConflict(folder, tree, toBytes(path), { ours, theirs }, names);
    conflicts.push({ path: toText(path), hunks });
  }
  return { conflicts };
}

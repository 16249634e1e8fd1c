import { writeCommit } from "../write-commit.ts";
import { tryGit } from "../git.ts";
import { gitFailure } from "../git-failure.ts";
import { OUR_IDENTITY } from "../identity.ts";
import { type Conflict, readConflict } from "./conflict.ts";

/** What came of merging two commits: a tree, or where they do not fit together. */
export type MergedTree = { tree: string } | { conflicts: Conflict[] };

/** How much of conflicts is told. */
const MAX_CONFLICTS = 20;

/** Two commits, or trees, that are to be merged. */
export interface TreeMerge {
  folder: string;
  /** What both are compared with; undefined: where the histories of the two commits part. */
  base?: string | undefined;
  ours: string;
  theirs: string;
  /** What conflicts call the two. */
  names: readonly [ours: string, theirs: string];
}

/**
 * Merges two commits or trees; only objects are written.
 * @throws AppError `git_failed`
 */
export async function mergeTrees({ folder, base, ours, theirs, names }: TreeMerge): Promise<MergedTree> {
  const [left, right] = base === undefined ? [ours, theirs] : await withBase(folder, base, ours, theirs);
  // -z: fields end with NUL, and an empty one parts the files from the messages.
  const args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", "--allow-unrelated-histories"];
  const { exitCode, stdout, stderr } = await tryGit(folder, [...args, left, right]);
  const [tree = "", ...files] = stdout.split("\0").filter((field) => field !== "");
  if (exitCode === 0) return { tree };
  if (exitCode !== 1) throw gitFailure(folder, args, stderr);
  const paths = [...new Set(files)].slice(0, MAX_CONFLICTS);
  return { conflicts: await Promise.all(paths.map((path) => readConflict(folder, tree, path, names))) };
}

/** Two commits of the same content, whose histories part at the base: git before 2.40 cannot be given a base. */
async function withBase(folder: string, base: string, ours: string, theirs: string): Promise<[string, string]> {
  const commit = async (of: string, ...parents: string[]) => {
    return writeCommit(folder, { tree: `${of}^{tree}`, parents, message: "-", environment: OUR_IDENTITY });
  };
  const root = await commit(base);
  return Promise.all([commit(ours, root), commit(theirs, root)]);
}

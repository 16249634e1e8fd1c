import { getTree } from "#git/repository/branches.ts";
import { splitNul, toBytes, toText } from "#git/byte-names.ts";
import { gitFailure } from "#git/git-failure.ts";
import type { MergeFolder } from "./merge-folder.ts";
import { gitUpTo } from "#git/git.ts";

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
  mergeFolder: MergeFolder,
  { folder, base, ours, theirs, names }: TreeMerge,
): Promise<MergedTree> {
  // Only one side has changed anything.
  const changed = base === ours ? theirs : base === theirs ? ours : undefined;
  if (changed !== undefined) return { tree: await getTree(folder, `${changed}^{tree}`) };
  const { exitCode, stdout, stderr } = await mergeFolder.mergeTree(ours, theirs, base);
  // The tree, then the files with conflicts.
  const [tree = "", ...files] = splitNul(stdout).filter((field) => field !== "");
  if (lacksObject(stderr)) throw gitFailure(folder, ["merge-tree"], stderr.toString());
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

/** Returns whether git could not read a tree: old versions then merge as if that were empty. @param stderr git's messages */
export function lacksObject(stderr: Buffer): boolean {
  return /^error: Could not read [0-9a-f]+$/im.test(stderr.toString());
}

/** A conflict of two sides in one file. */
export interface Conflict {
  path: string;
  /** Line and text of each hunk, with git's marks; empty for conflicts that are not about lines (deleted and changed, binary, …). */
  hunks: Hunk[];
}

/** A conflicting part of a file. */
export interface Hunk {
  /** Line number in the file with the marks, starting at 1. */
  line: number;
  text: string;
}

const MAX_HUNKS = 5;
const MAX_LINES = 40;
/** Size of the searched beginning of a conflicting file, in bytes. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Returns the conflicting parts of a file in a merged tree.
 * @param sides names of the sides in git's marks
 * @param names names of the sides for people
 */
async function readConflict(
  folder: string,
  tree: string,
  path: Buffer,
  sides: { ours: string; theirs: string },
  names: readonly [ours: string, theirs: string],
): Promise<Hunk[]> {
  const input = Buffer.concat([Buffer.from(`${tree}:`), path, Buffer.from("\0")]);
  const answer = await gitUpTo(MAX_BYTES, folder, ["cat-file", "--batch", "-z"], { input });
  const lineEnd = answer.indexOf("\n");
  // `name type size`; or the name and why there is no object, e.g. for the commit of a submodule.
  if (!/^[0-9a-f]+ blob \d+$/.test(answer.slice(0, lineEnd))) return [];
  const text = answer.slice(lineEnd + 1);
  return findHunks(text, sides, names);
}

/** Finds the parts of a file that git has marked. The attribute `conflict-marker-size` sets the length of the marks. */
function findHunks(
  text: string,
  sides: { ours: string; theirs: string },
  names: readonly [ours: string, theirs: string],
): Hunk[] {
  const opening = new RegExp(`^(<+) ${sides.ours}(?=$|[:\\r])`);
  const closing = new RegExp(`^(>+) ${sides.theirs}(?=$|[:\\r])`);
  const lines = text.split("\n");
  const hunks: Hunk[] = [];
  let begin: number | undefined;
  let width = 0;
  for (const [index, line] of lines.entries()) {
    const [, opened] = opening.exec(line) ?? [];
    if (begin === undefined && opened !== undefined) [begin, width] = [index, opened.length];
    // A conflict may contain others, of a merge of the merge bases or of renamed files: their marks have another width.
    if (begin === undefined || closing.exec(line)?.[1]?.length !== width) continue;
    const all = lines.slice(begin, index + 1);
    const shown = all
      .slice(0, MAX_LINES)
      .map((each) =>
        each
          .replace(opening, (_, marks: string) => `${marks} ${names[0]}`)
          .replace(closing, (_, marks: string) => `${marks} ${names[1]}`),
      );
    const more = all.length > MAX_LINES ? [`… ${all.length - MAX_LINES} more lines`] : [];
    hunks.push({ line: begin + 1, text: [...shown, ...more].join("\n") });
    begin = undefined;
    if (hunks.length === MAX_HUNKS) break;
  }
  return hunks;
}

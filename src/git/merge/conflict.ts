import { gitUpTo } from "#git/git.ts";

/** A conflict of two sides in one file. */
export interface Conflict {
  path: string;
  /** Line and text of each place, with git's marks; empty where it is not about lines (deleted and changed, binary, …). */
  hunks: Hunk[];
}

/** One place. */
export interface Hunk {
  /** In the file with the marks, from 1. */
  line: number;
  text: string;
}

const MAX_HUNKS = 5;
const MAX_LINES = 40;
/** Part of a conflicting file that is searched: its beginning. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Returns the places in one file of a merged tree where its sides conflict.
 * @param sides as git calls them in its marks
 * @param names as people call them
 */
export async function readConflict(
  folder: string,
  tree: string,
  path: Buffer,
  sides: { ours: string; theirs: string },
  names: readonly [ours: string, theirs: string],
): Promise<Hunk[]> {
  const input = Buffer.concat([Buffer.from(`${tree}:`), path, Buffer.from("\0")]);
  const answer = await gitUpTo(MAX_BYTES, folder, ["cat-file", "--batch", "-z"], { input });
  const lineEnd = answer.indexOf("\n");
  // `name type size`, or the name and why there is none, as of a submodule's commit.
  if (!/^[0-9a-f]+ blob \d+$/.test(answer.slice(0, lineEnd))) return [];
  const text = answer.slice(lineEnd + 1);
  return findHunks(text, sides, names);
}

/** Finds the places that git has marked in a file. Marks are as long as the attribute `conflict-marker-size` says. */
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
    // A conflict may hold others, of a merge of the merge bases or of renamed files: their marks have another width.
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

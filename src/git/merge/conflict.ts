import { tryGit } from "../git.ts";

/** Where two sides do not fit together in one file. */
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

/** The conflicts of one file of a merged tree. */
export async function readConflict(
  folder: string,
  tree: string,
  path: string,
  [ours, theirs]: readonly [string, string],
): Promise<Conflict> {
  const { exitCode, stdout } = await tryGit(folder, ["cat-file", "blob", `${tree}:${path}`]);
  if (exitCode !== 0) return { path, hunks: [] };
  // git calls the two sides by commits that nobody knows.
  const text = stdout.replaceAll(/^<{7} .*$/gm, `<<<<<<< ${ours}`).replaceAll(/^>{7} .*$/gm, `>>>>>>> ${theirs}`);
  return { path, hunks: findHunks(text) };
}

/** The places that git has marked in a file. */
function findHunks(text: string): Hunk[] {
  const lines = text.split("\n");
  const hunks: Hunk[] = [];
  let begin: number | undefined;
  for (const [index, line] of lines.entries()) {
    if (line.startsWith("<<<<<<< ")) begin = index;
    if (!line.startsWith(">>>>>>> ") || begin === undefined) continue;
    const all = lines.slice(begin, index + 1);
    const more = all.length > MAX_LINES ? [`… ${all.length - MAX_LINES} more lines`] : [];
    hunks.push({ line: begin + 1, text: [...all.slice(0, MAX_LINES), ...more].join("\n") });
    begin = undefined;
    if (hunks.length === MAX_HUNKS) break;
  }
  return hunks;
}

import { splitNul } from "#git/byte-names.ts";
import { gitBytes } from "#git/git.ts";
import { GITLINK } from "#git/changes/status.ts";

/** Paths that differ between two commits, with the kinds of the changes (`A`, `D`, `M`, `T`). */
export interface ChangedPaths {
  kinds: ReadonlyMap<string, string>;
  /** Whether files that git reads during a merge changed: attributes, or what is known about submodules. */
  changesRules: boolean;
}

/** Maximum size of git's answer in bytes; with a larger one, git merges all pairs. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * Compares pairs of commits by path, without looking for renames.
 * @returns for each pair what changed; empty if there is too much
 * @throws AppError as `git` does
 */
export async function readChangedPaths(
  repository: string,
  pairs: readonly (readonly [from: string, to: string])[],
): Promise<ReadonlyMap<string, ChangedPaths>> {
  if (pairs.length === 0) return new Map();
  // For two commits, `--stdin` would take the second one for a parent of the first: only trees are compared with each other.
  const trees = await readTrees(repository, [...new Set(pairs.flat())]);
  const known = pairs.filter(([from, to]) => trees.has(from) && trees.has(to));
  const input = Buffer.from(known.map(([from, to]) => `${trees.get(from)} ${trees.get(to)}\n`).join(""));
  const args = ["diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules=none"];
  const answer = await gitBytes(repository, args, { input, maxOutputBytes: MAX_ANSWER_BYTES }).catch(() => undefined);
  if (answer === undefined) return new Map();
  const sections = parseSections(answer);
  return new Map(known.map(([from, to], index) => [changeKey(from, to), sections[index] ?? NOTHING]));
}

/** Returns the key of a pair in the result of {@link readChangedPaths}. */
export function changeKey(from: string, to: string): string {
  return `${from} ${to}`;
}

const NOTHING: ChangedPaths = { kinds: new Map(), changesRules: false };

async function readTrees(repository: string, commits: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const input = Buffer.from(commits.map((commit) => `${commit}^{tree}\n`).join(""));
  const lines = (await gitBytes(repository, ["cat-file", "--batch-check"], { input })).toString().split("\n");
  return new Map(
    commits.flatMap((commit, index): [string, string][] => {
      const [, tree] = /^([0-9a-f]+) tree \d+$/.exec(lines[index] ?? "") ?? [];
      return tree === undefined ? [] : [[commit, tree]];
    }),
  );
}

/** Parses for each pair a line with its trees, then for each path `:modes objects kind`, NUL, path, NUL. */
function parseSections(answer: Buffer): ChangedPaths[] {
  const sections: { kinds: Map<string, string>; changesRules: boolean }[] = [];
  const fields = splitNul(answer);
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const lines = (fields[at] ?? "").split("\n");
    for (let heads = lines.length - 1; heads > 0; heads--) sections.push({ kinds: new Map(), changesRules: false });
    const section = sections.at(-1);
    const [before = "", after = "", , , kind = ""] = (lines.at(-1) ?? "").slice(1).split(" ");
    const path = fields[at + 1] ?? "";
    section?.kinds.set(path, kind);
    const isRule = path === ".gitmodules" || /(?:^|\/)\.gitattributes$/.test(path);
    if (section !== undefined && (isRule || before === GITLINK || after === GITLINK)) section.changesRules = true;
  }
  return sections;
}

/**
 * Returns whether changes that began from the same only merge base certainly merge without a conflict. git follows renames of
 * files and folders, which need a file that is deleted; and a file can be in the way of a folder.
 */
export function mergeSafely(one: ChangedPaths, other: ChangedPaths): boolean {
  const [small, large] = one.kinds.size < other.kinds.size ? [one, other] : [other, one];
  if (one.changesRules || other.changesRules) return false;
  for (const path of small.kinds.keys()) if (large.kinds.has(path)) return false;
  const isPlain = (changes: ChangedPaths) => changes.kinds.values().every((kind) => kind === "M");
  if (isPlain(one) || isPlain(other)) return true;
  const deletes = (changes: ChangedPaths) => changes.kinds.values().some((kind) => kind === "D");
  return !deletes(one) && !deletes(other) && !isInTheWay(one, other) && !isInTheWay(other, one);
}

/** Returns whether a path of the first is a folder of the second. */
function isInTheWay(one: ChangedPaths, other: ChangedPaths): boolean {
  for (const path of other.kinds.keys()) {
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      if (one.kinds.has(path.slice(0, end))) return true;
    }
  }
  return false;
}

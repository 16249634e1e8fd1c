import { mapLimited } from "#base/concurrency.ts";
import { type ByteName, splitNul, toBytes } from "#git/byte-names.ts";
import { gitBytes, tryGit } from "#git/git.ts";
import { runGit } from "#git/run-git.ts";
import { lacksObject } from "./merge-trees.ts";
import type { MergeFolder, PreparedMerges } from "./merge-folder.ts";

/** Two commits to merge. */
export interface CommitPair {
  ours: string;
  theirs: string;
}

/** Result of a merge that is only tried. */
export interface TriedMerge {
  isClean: boolean;
  /** Names of the files with conflicts; a conflict may be about none, such as a folder that was renamed to two. */
  files: ByteName[];
}

/** Pairs that one git process merges: if it is ended, its results are lost. */
export const PAIRS_PER_PROCESS = 16;

const MERGE_TREE = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"];

/**
 * Merges pairs of commits as `git merge` does; only objects are written, and no merge driver is run.
 * @param attributesOf a commit with the same attributes as the first commit of each pair
 * @param hasBatches whether git merges several pairs in one process
 * @param report receives each result; undefined if git refuses the merge, or if it depends on a merge driver
 * @throws AppError `cancelled`
 */
export async function mergeMany(
  mergeFolder: MergeFolder,
  attributesOf: string,
  pairs: readonly CommitPair[],
  hasBatches: boolean,
  report: (pair: CommitPair, result: TriedMerge | undefined) => void,
): Promise<void> {
  const prepared = await mergeFolder.prepareMany(attributesOf);
  for (let at = 0; at < pairs.length;) {
    const some = pairs.slice(at, at + (hasBatches ? PAIRS_PER_PROCESS : 1));
    const batch = hasBatches ? await mergeBatch(prepared, some) : undefined;
    const results = batch ?? (await mapLimited(some, 1, async (pair) => mergeOne(prepared, pair)));
    // git ends a batch at a merge that it refuses, whose result is missing.
    const done = some.slice(0, results.length + 1);
    for (const [index, pair] of done.entries()) {
      const result = results[index];
      const isSure = result === undefined || result.isClean || !(await mayDriverMerge(prepared, result.files));
      report(pair, isSure ? result : undefined);
    }
    at += done.length;
  }
}

/** Merges pairs in one process. @returns undefined if git could not read an object of one of them */
async function mergeBatch(
  { folder, environment }: PreparedMerges,
  pairs: readonly CommitPair[],
): Promise<TriedMerge[] | undefined> {
  const input = Buffer.from(pairs.map(({ ours, theirs }) => `${ours} ${theirs}\n`).join(""));
  const { stdout, stderr } = await runGit(folder, [...MERGE_TREE, "--stdin"], { environment, input });
  return lacksObject(stderr) ? undefined : parseMerges(stdout);
}

async function mergeOne(
  { folder, environment }: PreparedMerges,
  { ours, theirs }: CommitPair,
): Promise<TriedMerge | undefined> {
  const { exitCode, stdout, stderr } = await runGit(folder, [...MERGE_TREE, ours, theirs], { environment });
  const [tree, ...files] = splitNul(stdout).filter((field) => field !== "");
  const isDone = tree !== undefined && (exitCode === 0 || exitCode === 1) && !lacksObject(stderr);
  return isDone ? { isClean: exitCode === 0, files: [...new Set(files)] } : undefined;
}

/** Parses the output of `git merge-tree --stdin -z`: for each merge `1` or, with conflicts, `0`, the tree, files, an empty field. */
export function parseMerges(answer: Buffer): TriedMerge[] {
  const merges: TriedMerge[] = [];
  const fields = splitNul(answer);
  for (let at = 0; at < fields.length;) {
    const end = fields.indexOf("", at);
    if (end < 0) break;
    const [state = "", , ...files] = fields.slice(at, end);
    if (state !== "0" && state !== "1") break;
    merges.push({ isClean: state === "1", files: [...new Set(files)] });
    at = end + 1;
  }
  return merges;
}

/** Returns whether a merge driver, which was not run, could merge any of the files. */
async function mayDriverMerge(
  { folder, environment, drivers }: PreparedMerges,
  files: readonly ByteName[],
): Promise<boolean> {
  if (drivers.size === 0 || files.length === 0) return false;
  const usual = (await tryGit(folder, ["config", "--get", "merge.default"], environment)).stdout.trim();
  const input = toBytes(files.map((file) => `${file}\0`).join(""));
  const fields = splitNul(await gitBytes(folder, ["check-attr", "--stdin", "-z", "merge"], { environment, input }));
  // Each is a name, the attribute, and its value.
  return fields.some((value, index) => index % 3 === 2 && drivers.has(value === "unspecified" ? usual : value));
}

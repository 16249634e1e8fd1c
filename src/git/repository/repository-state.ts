import { join, relative } from "node:path";
import { hashContent } from "#base/digest.ts";
import { listNames, lstatIfAny, statIfAny } from "#base/paths.ts";
import { kindOf, readFileBounded } from "#platform/files/read-file.ts";
import { git, tryGit, withoutLastNewline } from "#git/git.ts";
import { hasGit } from "#git/run-git.ts";
import { SALVAGE_REFS } from "#git/salvage/manifest.ts";
import { listGitWorktrees } from "#git/worktree/worktree-list.ts";

/** State of a repository, apart from the files that are checked out. */
export interface RepositoryState {
  /** Full name of a branch, or a commit if HEAD is detached. */
  head: string;
  /** Object names by ref. */
  refs: Record<string, string>;
  /** Branches that are checked out elsewhere, by other people or other tasks, and so are not compared. */
  branchesElsewhere: string[];
  /** Digest of what is staged; refreshing the index does not change it. */
  index: string;
  /** Digests of configuration, hooks and the like, by name. */
  settings: Record<string, string>;
}

/** A working tree of a repository. */
export interface WorkingTree {
  toplevel: string;
  /** The working tree's own git folder; the repository's if it is the main one. */
  gitDir: string;
  commonDir: string;
}

/** Finds the working tree that contains a folder. @returns undefined if there is none, or git is not installed */
export async function findWorkingTree(folder: string): Promise<WorkingTree | undefined> {
  if (!hasGit()) return undefined;
  const ask = async (flag: string) => {
    const { exitCode, stdout } = await tryGit(folder, ["rev-parse", "--path-format=absolute", flag]);
    return exitCode === 0 ? withoutLastNewline(stdout) : undefined;
  };
  const [toplevel, gitDir, commonDir] = await Promise.all(
    ["--show-toplevel", "--absolute-git-dir", "--git-common-dir"].map(ask),
  );
  if (!toplevel || !gitDir || !commonDir) return undefined;
  return { toplevel, gitDir, commonDir };
}

/** Returns whether a ref is the user's, and not one that keeps a discarded worktree for this server. */
function isUsers(line: string): boolean {
  return line !== "" && !line.includes(` ${SALVAGE_REFS}/`);
}

/** Reads the state of the repository around a working tree. */
export async function readRepositoryState({ toplevel, gitDir, commonDir }: WorkingTree): Promise<RepositoryState> {
  const [head, refs, staged, worktrees] = await Promise.all([
    readHead(toplevel),
    git(toplevel, ["for-each-ref", "--format=%(objectname) %(refname)"]),
    git(toplevel, ["ls-files", "--stage", "-z"]),
    listGitWorktrees(toplevel),
  ]);
  const elsewhere = worktrees.filter((worktree) => worktree.path !== toplevel).map(({ branch }) => branch);
  return {
    head,
    refs: Object.fromEntries(refs.split("\n").filter(isUsers).map(parseRef)),
    branchesElsewhere: elsewhere.filter((branch) => branch !== undefined).map((branch) => `refs/heads/${branch}`),
    index: hashContent(staged),
    settings: Object.fromEntries(
      [commonDir, gitDir].flatMap((folder) => readSettings(folder, join(".git", relative(commonDir, folder)))),
    ),
  };
}

/** Describes the differences between two states of a repository. */
export function compareRepositoryStates(before: RepositoryState, after: RepositoryState): string[] {
  const elsewhere = new Set([...before.branchesElsewhere, ...after.branchesElsewhere]);
  const refs = changedKeys(before.refs, after.refs).filter((ref) => !elsewhere.has(ref));
  return [
    ...(before.head === after.head ? [] : [`HEAD (${before.head} → ${after.head})`]),
    ...refs.map((ref) => `${ref} (${shortOf(before.refs[ref])} → ${shortOf(after.refs[ref])})`),
    ...(before.index === after.index ? [] : ["the index (what is staged)"]),
    ...changedKeys(before.settings, after.settings),
  ];
}

async function readHead(folder: string): Promise<string> {
  const branch = await tryGit(folder, ["symbolic-ref", "--quiet", "HEAD"]);
  if (branch.exitCode === 0) return branch.stdout.trim();
  return (await tryGit(folder, ["rev-parse", "HEAD"])).stdout.trim();
}

function parseRef(line: string): [string, string] {
  const [commit = "", ...name] = line.split(" ");
  return [name.join(" "), commit];
}

/**
 * Pattern of files that configure git, or belong to an unfinished merge or rebase. `info/refs` is skipped: git generates it
 * from its refs.
 */
const SETTINGS = /^(?:config.*|hooks|info|description|MERGE_HEAD|CHERRY_PICK_HEAD|REVERT_HEAD|rebase-\w+|BISECT_\w+)$/;

/** Returns digests of the settings in a git folder, which is named `shownAs` in the result. */
function readSettings(gitDir: string, shownAs: string): [string, string][] {
  const names = listNames(gitDir).filter((name) => SETTINGS.test(name) && !name.endsWith(".lock"));
  const settings: [string, string][] = [];
  let left = MAX_TOTAL_BYTES;
  for (const name of names) {
    for (const file of filesBelow(gitDir, name)) {
      if (file === "info/refs") continue;
      if (settings.length === MAX_FILES) return settings;
      const { bytes, digest } = describeFile(join(gitDir, file), Math.min(left, MAX_CONTENT_BYTES));
      left -= bytes;
      settings.push([join(shownAs, file), digest]);
    }
  }
  return settings;
}

/** Maximum size of a file whose content is read, in bytes; larger ones are compared by size and times. */
const MAX_CONTENT_BYTES = 1024 * 1024;
/** Maximum number of files with settings, and maximum total size of the content read, in bytes. */
const MAX_FILES = 2000;
const MAX_TOTAL_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 8;

/** Returns a digest by which a changed file can be recognized. @param maxBytes maximum size of the content to read */
function describeFile(path: string, maxBytes: number): { bytes: number; digest: string } {
  const outcome = readFileBounded(path, { maxBytes });
  if ("bytes" in outcome) return { bytes: outcome.bytes.length, digest: hashContent(outcome.bytes) };
  const stat = statIfAny(path);
  const facts = stat === undefined ? [] : [kindOf(stat), stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino];
  return { bytes: 0, digest: [outcome.problem, ...facts].join(" ") };
}

/** Yields the files, pipes and the like below a folder, down to a depth that git never uses. Links to folders are not followed. */
function* filesBelow(folder: string, name: string, depth = 0): Generator<string> {
  const stat = lstatIfAny(join(folder, name));
  if (stat?.isDirectory() !== true) {
    if (stat !== undefined) yield name;
    return;
  }
  if (depth === MAX_DEPTH) return;
  for (const below of listNames(join(folder, name))) yield* filesBelow(folder, `${name}/${below}`, depth + 1);
}

function changedKeys(before: Record<string, string>, after: Record<string, string>): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => before[key] !== after[key]);
}

function shortOf(objectName: string | undefined): string {
  return objectName?.slice(0, 10) ?? "none";
}

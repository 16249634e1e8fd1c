import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { mergeWithGit, type Outcome, withoutSide } from "./git-reference.ts";
import { askGit, gitAnswer } from "./random-repository.ts";
import { Dice, disturb } from "./random-worktree.ts";

/** A repository whose worktrees have random work, some of it uncommitted. */
export interface RandomWorktrees {
  repository: string;
  /** The commit of the user's branch. */
  target: string;
  worktrees: { path: string; branch: string; base: string }[];
  /** What was done, in words. */
  deeds: string[];
}

const FILES = ["a.txt", "b.txt", "src/c.txt", "src/d.txt", "src/deep/e.txt", "lib/f.txt", "lib/g.txt", "README.md"];

const linesOf = (name: string) => Array.from({ length: 12 }, (_, line) => `${name} line ${line}\n`).join("");

type Deed = (worktree: string, dice: Dice) => void;

/** Work that often comes in each other's way. */
const DEEDS: Record<string, Deed> = {
  "edit a line": (worktree, dice) => edit(join(worktree, dice.of(FILES)), dice),
  "edit one file": (worktree, dice) => edit(join(worktree, "a.txt"), dice),
  "add a file": (worktree, dice) =>
    write(join(worktree, dice.of(["src", "lib", "new", "."]), `n${dice.below(4)}.txt`), `${dice.below(3)}\n`),
  "delete a file": (worktree, dice) => rmSync(join(worktree, dice.of(FILES)), { recursive: true, force: true }),
  "rename a file": (worktree, dice) =>
    move(join(worktree, dice.of(FILES)), join(worktree, `moved-${dice.below(3)}.txt`)),
  "rename a folder": (worktree, dice) =>
    move(join(worktree, dice.of(["src", "lib", "src/deep"])), join(worktree, dice.of(["sources", "library"]))),
  "a folder for a file": (worktree, dice) => {
    const path = join(worktree, dice.of(["b.txt", "lib/f.txt"]));
    rmSync(path, { recursive: true, force: true });
    write(join(path, "inner.txt"), `${dice.below(3)}\n`);
  },
  "a file for a folder": (worktree, dice) => {
    const path = join(worktree, dice.of(["lib", "src/deep", "new"]));
    rmSync(path, { recursive: true, force: true });
    write(path, "now a file\n");
  },
  "a file in the place of a new folder": (worktree, dice) =>
    write(join(worktree, dice.of(["new", "fresh/x"])), "file\n"),
  "a new folder": (worktree, dice) =>
    write(join(worktree, dice.of(["new/n.txt", "fresh/x/y.txt"])), `${dice.below(2)}\n`),
  attributes: (worktree, dice) =>
    write(
      join(worktree, dice.of([".gitattributes", "src/.gitattributes"])),
      dice.of(["*.txt merge=union\n", "*.txt -merge\n", "c.txt binary\n"]),
    ),
};

function edit(path: string, dice: Dice): void {
  if (!isFile(path)) return;
  const lines = readFileSync(path, "latin1").split("\n");
  lines[dice.below(lines.length)] = `edited ${dice.below(5)}`;
  writeFileSync(path, lines.join("\n"), "latin1");
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function write(path: string, text: string): void {
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) if (isFile(at)) rmSync(at);
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path) && !isFile(path)) rmSync(path, { recursive: true });
  writeFileSync(path, text);
}

function move(from: string, to: string): void {
  if (existsSync(from) && !existsSync(to)) renameSync(from, to);
}

/** Makes a repository with three worktrees; the same seed makes the same ones. */
export async function makeWorktrees(root: string, seed: number): Promise<RandomWorktrees> {
  const dice = new Dice(seed);
  const repository = join(root, "repository");
  mkdirSync(repository);
  const git = (folder: string, ...args: string[]) => gitAnswer(folder, args);
  git(repository, "init", "--quiet", "--template=", "--initial-branch=main");
  for (const file of FILES) write(join(repository, file), linesOf(file));
  write(join(repository, ".gitignore"), "*.log\nbuild/\n");
  const deeds: string[] = [];
  const commit = (folder: string) => {
    git(folder, "add", "--all");
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Work");
  };
  commit(repository);
  if (dice.below(5) === 0) write(join(repository, ".git", "info", "attributes"), "g.txt merge=union\n");
  if (dice.below(5) === 0) git(repository, "config", "merge.directoryRenames", dice.of(["true", "false"]));
  if (dice.below(6) === 0) git(repository, "config", "merge.renames", "false");
  if (dice.below(6) === 0) git(repository, "config", "filter.lfs.clean", "false");
  const worktrees: RandomWorktrees["worktrees"] = [];
  for (const name of ["one", "two", "three"]) {
    if (dice.below(3) === 0) {
      doOne(repository, dice, deeds);
      commit(repository);
    }
    const branch = `agent/${name}`;
    const path = join(root, `worktree-${name}`);
    git(repository, "worktree", "add", "--quiet", "-b", branch, path);
    worktrees.push({ path, branch, base: git(repository, "rev-parse", "main") });
  }
  for (const { path } of worktrees) {
    for (let commits = dice.below(3); commits > 0; commits--) {
      doOne(path, dice, deeds);
      if (dice.below(3) > 0) commit(path);
    }
    for (let more = dice.below(3); more > 0; more--) doOne(path, dice, deeds);
    if (dice.below(3) === 0) git(path, "add", "--all");
    if (dice.below(3) === 0) for (let more = 3; more > 0; more--) await disturb(path, dice);
    const others = ["main", ...worktrees.map(({ branch }) => branch)];
    if (dice.below(6) === 0) askGit(path, ["merge", "--quiet", "--no-edit", dice.of(others)]);
    // The work goes on from where it was, if a merge could not be finished.
    askGit(path, ["merge", "--abort"]);
  }
  for (let more = dice.below(3); more > 0; more--) {
    doOne(repository, dice, deeds);
    commit(repository);
  }
  return { repository, target: git(repository, "rev-parse", "main"), worktrees, deeds };
}

function doOne(folder: string, dice: Dice, deeds: string[]): void {
  const name = dice.of(Object.keys(DEEDS));
  deeds.push(`${basename(folder)}: ${name}`);
  try {
    DEEDS[name]?.(folder, dice);
  } catch {
    // A file stands where a folder would have to be.
  }
}

/** A repository of its own in which the work of all worktrees is committed. */
export interface CommittedWork {
  folder: string;
  /** Commits by worktree. */
  commits: Map<string, string>;
}

/** Commits the work of each worktree with `git add --all` and `git commit` in another repository. */
export function commitAll({ repository, worktrees }: RandomWorktrees, folder: string): CommittedWork {
  const git = (...args: string[]) => gitAnswer(folder, args);
  git("init", "--quiet", "--template=", "--initial-branch=reference");
  const common = join(repository, ".git");
  write(join(folder, ".git", "objects", "info", "alternates"), `${join(common, "objects")}\n`);
  cpSync(join(common, "config"), join(folder, ".git", "config"));
  if (existsSync(join(common, "info"))) cpSync(join(common, "info"), join(folder, ".git", "info"), { recursive: true });
  const commits = new Map<string, string>();
  for (const { path } of worktrees) {
    const gitDir = gitAnswer(path, ["rev-parse", "--absolute-git-dir"]);
    git("update-ref", "--no-deref", "HEAD", gitAnswer(path, ["rev-parse", "HEAD"]));
    clear(folder);
    // Names need not be UTF-8, which only a program of the system can copy.
    const copy = 'find . -mindepth 1 -maxdepth 1 ! -name .git -exec cp -a -t "$1" -- {} +';
    Bun.spawnSync(["sh", "-c", copy, "sh", folder], { cwd: path });
    for (const name of readdirSync(gitDir)) {
      if (/^(?:index|sharedindex\..*)$/.test(name)) cpSync(join(gitDir, name), join(folder, ".git", name));
    }
    git("add", "--all");
    git("commit", "--quiet", "--allow-empty", "--message", "All");
    commits.set(path, git("rev-parse", "HEAD"));
    git("checkout", "--quiet", "--detach", "--force");
  }
  return { folder, commits };
}

function clear(folder: string): void {
  for (const name of readdirSync(folder, { encoding: "buffer" })) {
    if (name.toString() === ".git") continue;
    rmSync(Buffer.concat([Buffer.from(`${folder}/`), name]), { recursive: true, force: true });
  }
}

/** What comes of merging the work of a worktree. */
export interface ExpectedMerges {
  conflicts: { worktree: string; files: string[]; total: number }[];
  mergesCleanly: boolean | undefined;
  notCompared: number;
}

/**
 * Says what comes of merging the work of a worktree with that of the others, and into the user's branch.
 * @returns also the worktrees with which git's own merge fails: it computes the merge, and cannot write the result
 */
export function mergeByGit(
  { folder, commits }: CommittedWork,
  path: string,
  { worktrees, target, repository }: RandomWorktrees,
): { expected: ExpectedMerges; refused: ReadonlySet<string> } {
  const expected: ExpectedMerges = { conflicts: [], mergesCleanly: undefined, notCompared: 0 };
  const refused = new Set<string>();
  const isOpen = (worktree: { path: string; base: string }) => {
    const head = gitAnswer(worktree.path, ["rev-parse", "HEAD"]);
    const isClean = gitAnswer(worktree.path, ["status", "--porcelain"]) === "";
    return !(isClean && (isIn(repository, head, worktree.base) || isIn(repository, head, target)));
  };
  const open = worktrees.filter(isOpen).toSorted((a, b) => (a.branch < b.branch ? -1 : 1));
  const own = open.findIndex((worktree) => worktree.path === path);
  if (own < 0) return { expected, refused };
  const commit = commits.get(path) ?? "";
  for (const [index, { path: worktree }] of open.entries()) {
    if (index === own) continue;
    const theirs = commits.get(worktree) ?? "";
    const outcome = index < own ? mergeOnce(folder, theirs, commit) : mergeOnce(folder, commit, theirs);
    if (outcome === undefined) expected.notCompared++;
    else if (outcome.kind === "conflict") expected.conflicts.push({ worktree, ...namesOf(outcome.files) });
    else if (outcome.kind === "refused") refused.add(worktree);
  }
  const ofBase = mergeOnce(folder, target, commit);
  expected.mergesCleanly = ofBase && ofBase.kind === "clean";
  return { expected, refused };
}

function isIn(repository: string, commit: string, of: string): boolean {
  return askGit(repository, ["merge-base", "--is-ancestor", commit, of]).exitCode === 0;
}

function namesOf(files: readonly string[]): { files: string[]; total: number } {
  const names = [...new Set(files.map(withoutSide))].toSorted().map((name) => Buffer.from(name, "latin1").toString());
  return { files: names.slice(0, 20), total: names.length };
}

/** Merges two commits. @returns undefined for histories that git refuses to merge */
function mergeOnce(folder: string, ours: string, theirs: string): Outcome | undefined {
  if (askGit(folder, ["merge-base", ours, theirs]).exitCode !== 0) return undefined;
  const isIndex = (name: string) => name === "index" || name.startsWith("sharedindex");
  for (const name of readdirSync(join(folder, ".git")).filter(isIndex)) rmSync(join(folder, ".git", name));
  clear(folder);
  askGit(folder, ["reset", "--quiet", "--hard"]);
  return mergeWithGit(folder, "squash", ours, theirs);
}

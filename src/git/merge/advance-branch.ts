import { lstatSync, realpathSync, rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { AppError, errnoOf } from "#base/errors.ts";
import { realPath, statIfAny } from "#base/paths.ts";
import { listSome, quoteForShell } from "#base/text.ts";
import { findBranchUse } from "#git/repository/branch-in-use.ts";
import { findBranchCommit } from "#git/repository/branches.ts";
import { findGitFolders } from "#git/git-folders.ts";
import { git, gitBytes, tryGit } from "#git/git.ts";
import { gitFailure } from "#git/git-failure.ts";
import { tryDetachedGit } from "#git/detached-git.ts";
import { type ByteName, toByteName, splitNul, toBytes } from "#git/byte-names.ts";
import { GIT_FILES_DEADLINE_MS, runGit } from "#git/run-git.ts";

/** Request to move a branch to a descendant of its commit. */
export interface Advance {
  folder: string;
  /** Branch without `refs/heads/`. */
  branch: string;
  from: string;
  to: string;
  /** Working tree that has the branch checked out. */
  checkout: string | undefined;
}

/** Timeout for waiting for another git that holds the index, in milliseconds. */
const LOCK_TIMEOUT_MS = 5000;

/**
 * Moves a branch forward, with the files of the working tree that has it checked out. A git process in a session of its own
 * does that in one step, and finishes even if this process ends.
 * @throws AppError `checkout_dirty` if it would overwrite something; nothing is changed then
 */
export async function advanceBranch({ folder, branch, from, to, checkout }: Advance): Promise<void> {
  if (checkout === undefined) {
    await git(folder, ["update-ref", "--no-deref", "-m", "codex-mcp-server: merge", `refs/heads/${branch}`, to, from]);
    return;
  }
  const args = ["merge", "--ff-only", "--quiet", ...FIXED_SETTINGS, to];
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const { exitCode, stderr } = await tryDetachedGit(checkout, args);
    // Neither failure nor success shows whether this branch has moved.
    if ((await findBranchCommit(folder, branch)) === to) return;
    if (exitCode === 0) throw switched(checkout, branch);
    if (failedWhileWriting(stderr)) throw await unwritten(checkout, { from, to }, gitFailure(checkout, args, stderr));
    const isHeld = /index\.lock': File exists|cannot lock ref/.test(stderr);
    if (!isHeld || performance.now() > deadline) throw refusal(checkout, args, stderr);
    await Bun.sleep(50);
  }
}

/** Flags that override `branch.<name>.mergeOptions` and other settings. */
const FIXED_SETTINGS = [
  "--commit",
  "--no-squash",
  "--no-edit",
  "--no-stat",
  "--no-log",
  "--no-autostash",
  "--no-signoff",
  "--no-verify-signatures",
  // An ignored file of the user's must not be overwritten either.
  "--no-overwrite-ignore",
];

/**
 * Returns the working tree that has a branch checked out; undefined if there is none.
 * @throws AppError `branch_in_use` if git's own commands would refuse to move it, or its working tree cannot be found
 */
export async function findCheckout(folder: string, branch: string): Promise<string | undefined> {
  const use = await findBranchUse(folder, branch);
  if (use === undefined) return undefined;
  if (use.what !== "checked out") throw inUse(branch, `is ${use.what} in ${use.path}`, "Finish or abort that");
  if (findGitFolders(use.path)?.top === undefined) {
    const found = statIfAny(use.path) === undefined ? "which does not exist" : "which has no known working tree";
    throw inUse(branch, `is checked out in ${use.path}, ${found}`, LOST_TREE_STEP);
  }
  const another = await findBranchUse(folder, branch, use.path);
  if (another === undefined) return use.path;
  throw inUse(branch, `is checked out in both ${use.path} and ${another.path}`, "Switch one of them to another branch");
}

const LOST_TREE_STEP =
  "Restore it, let git forget it (git worktree prune) or, for a separate git folder, set core.worktree to its working tree";

function inUse(branch: string, use: string, step: string): AppError {
  return new AppError(
    "branch_in_use",
    `Branch ${branch} ${use}, so nothing can be merged into it.`,
    `${step}, then merge again.`,
  );
}

function switched(path: string, branch: string): AppError {
  return new AppError(
    "branch_in_use",
    `${path} was switched from ${branch} to another branch during the merge, and that branch was moved instead.`,
    `Check which branch it has checked out, then move that branch back (git -C ${quoteForShell(path)} reset --keep ORIG_HEAD).`,
  );
}

/** Restores the files that were written, and reports that with the reason why the others could not be. */
async function unwritten(
  checkout: string,
  { from, to }: Pick<Advance, "from" | "to">,
  { code, message, hint }: AppError,
): Promise<AppError> {
  const isTakenBack = await undoAdvance(checkout, from, to).catch(() => false);
  const now = isTakenBack
    ? "Nothing was changed."
    : `Some files in ${checkout} were already written and could not be restored.`;
  return new AppError(code, `${message} ${now}`, hint);
}

function refusal(path: string, args: readonly string[], stderr: string): AppError {
  const isDirty = /would be overwritten|would lose untracked|not concluded your|unmerged/i.test(stderr);
  if (!isDirty) return gitFailure(path, args, stderr);
  const files = stderr
    .split("\n")
    .filter((line) => line.startsWith("\t"))
    .map((line) => line.trim());
  const found =
    files.length > 0
      ? `uncommitted changes in ${listSome(files, 10)}, which the merge would overwrite`
      : "uncommitted changes or an unfinished merge";
  return new AppError(
    "checkout_dirty",
    `${path} has ${found}. Nothing was changed.`,
    "Commit or stash them, then merge again.",
  );
}

/** Pattern of git's messages for a failure while it writes files: by then it has checked that none of the user's is in the way. */
const FAILED_WHILE_WRITING =
  /unable to (?:create file|write file|unlink old|create symlink|stat just-written|write new index|write index|read sha1 file)|cannot create directory at|(?:smudge|external) filter .* failed/;
const REFUSED_BEFORE_WRITING = /would be overwritten|would lose untracked/;

/** Returns whether git failed while it wrote the files of a working tree, some of which it had already changed. */
function failedWhileWriting(stderr: string): boolean {
  return FAILED_WHILE_WRITING.test(stderr) && !REFUSED_BEFORE_WRITING.test(stderr);
}

/**
 * Restores the files of a working tree that a failed merge has written. The index is still the one from before.
 * @returns whether all of them were restored
 * @throws AppError `git_failed`
 */
async function undoAdvance(checkout: string, from: string, to: string): Promise<boolean> {
  const differences = await gitBytes(checkout, ["diff-tree", "-r", "-z", "--no-renames", "--name-status", from, to]);
  // Each as a letter, then the path.
  const paths = splitNul(differences).filter((_, index) => index % 2 === 1);
  const indexed = new Set(splitNul(await gitBytes(checkout, ["ls-files", "-z"])));
  const { known = [], added = [] } = Object.groupBy(paths, (path) => (indexed.has(path) ? "known" : "added"));
  const removed = added.map((path) => remove(checkout, path));
  const restored = await runGit(checkout, ["checkout-index", "--force", "--quiet", "-z", "--stdin"], {
    input: toBytes(known.map((path) => `${path}\0`).join("")),
    deadlineMs: GIT_FILES_DEADLINE_MS,
  });
  await tryGit(checkout, ["update-index", "-q", "--refresh"]);
  return restored.exitCode === 0 && removed.every(Boolean);
}

/** Removes a new file, and the folders that were made for it. */
function remove(checkout: string, path: ByteName): boolean {
  const top = realPath(checkout);
  const place = (name: ByteName) => toBytes(`${toByteName(top)}${name === "." ? "" : `/${name}`}`);
  try {
    // Git does not write through links, so nothing of it is behind one.
    if (!realpathSync(place(dirname(path)), "buffer").equals(place(dirname(path)))) return true;
    const stat = lstatSync(place(path), { throwIfNoEntry: false });
    // A submodule is an empty folder here.
    if (stat?.isDirectory() === true) rmdirSync(place(path));
    else if (stat !== undefined) rmSync(place(path));
  } catch (error) {
    return errnoOf(error) === "ENOENT";
  }
  try {
    for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) rmdirSync(place(folder));
  } catch {
    // The folder has other contents.
  }
  return true;
}

import { basename, join } from "node:path";
import { AppError } from "#base/errors.ts";
import { pathExists, statIfAny } from "#base/paths.ts";
import { quoteForShell } from "#base/text.ts";
import { findBranchCommit, deleteBranchArgs } from "#git/repository/branches.ts";
import { checkBranchName, checkWorktreePath } from "./check-place.ts";
import { git, tryGit } from "#git/git.ts";
import { GIT_FILES_DEADLINE_MS } from "#git/run-git.ts";
import { gitFailure } from "#git/git-failure.ts";
import { findMergeBase } from "#git/repository/history.ts";
import type { Repository } from "#git/repository/repository.ts";
import { listGitWorktrees } from "./worktree-list.ts";
import { incompleteRestoreError, isIncompleteRestore } from "./worktree-lock.ts";
import { readFileBounded } from "#platform/files/read-file.ts";

/** Steps by which a task gets its worktree. */
export interface WorktreePlan {
  repository: Repository;
  path: string;
  branch: string;
  /** Action: `reuse` the worktree, `attach` a new folder to the existing branch, or `create` both. */
  action: "reuse" | "attach" | "create";
  /** Whether git lists it: if its folder was deleted by hand, git needs `--force` to use the path again. */
  isListed: boolean;
}

/**
 * Determines how to get the worktree at `<parent>/<name>` with `branch`, without changing anything.
 * @throws AppError `worktree_path_taken`, `worktree_on_other_branch`, `branch_checked_out`, `worktree_moved`, `branch_blocked`
 */
export async function planWorktree(repository: Repository, name: string, branch: string): Promise<WorktreePlan> {
  const path = join(repository.parent, name);
  const listed = repository.worktrees.find((worktree) => worktree.path === path);
  const isThere = listed !== undefined && !listed.isPrunable && pathExists(path);
  checkWorktreePath(repository, path, isThere);
  if (isThere) {
    if (isIncompleteRestore(path)) throw incompleteRestoreError(path);
    if (listed.branch !== branch) throw onOtherBranch(path, branch, listed.branch);
    return { repository, path, branch, action: "reuse", isListed: true };
  }
  const elsewhere = repository.worktrees.find((worktree) => worktree.branch === branch && worktree.path !== path);
  if (elsewhere !== undefined) {
    checkWorktreePath(repository, elsewhere.path, true);
    throw checkedOutElsewhere(elsewhere.path, branch);
  }
  const [tip] = await Promise.all([findBranchCommit(repository.folder, branch), checkBranchName(repository, branch)]);
  const action = tip === undefined ? "create" : "attach";
  return { repository, path, branch, action, isListed: listed !== undefined };
}

/** Plans the same worktree again, from its current state. @throws AppError as {@link planWorktree} does */
export async function renewPlan({
  repository,
  path,
  branch,
}: Pick<WorktreePlan, "repository" | "path" | "branch">): Promise<WorktreePlan> {
  const worktrees = await listGitWorktrees(repository.folder);
  return planWorktree({ ...repository, worktrees }, basename(path), branch);
}

/** Carries out a plan. Only one process at a time may call it for a repository. */
export async function makeWorktree(plan: WorktreePlan): Promise<void> {
  if (plan.action === "reuse") return;
  const { folder, commit } = plan.repository;
  const isNew = plan.action === "create";
  // First, and separately: making the worktree may take more than one attempt.
  if (isNew) await git(folder, ["branch", "--no-track", "--", plan.branch, commit]);
  try {
    // A single --force lets git reuse the path of a missing folder; a locked one is still refused.
    const force = plan.isListed ? ["--force"] : [];
    await addWorktree(folder, ["worktree", "add", "--quiet", ...force, "--", plan.path, plan.branch]);
    if (!isFolder(getRunFolder(plan))) throw withoutRunFolder(plan);
  } catch (error) {
    // A partial worktree of a failed git would block the next attempt.
    if (isNew) await undoWorktree(plan);
    throw error;
  }
}

async function undoWorktree({ repository: { folder, commit }, path, branch }: WorktreePlan): Promise<void> {
  const isListed = (await listGitWorktrees(folder)).some((worktree) => worktree.path === path);
  if (isListed) await tryGit(folder, ["worktree", "remove", "--force", "--", path]);
  await tryGit(folder, deleteBranchArgs(branch, commit));
}

const MAX_ATTEMPTS = 5;

/**
 * Runs `git worktree add`. A concurrent `git gc` may remove git's folder of worktrees while it is empty, in which case the
 * command is repeated.
 * @throws AppError `git_failed`
 */
export async function addWorktree(folder: string, args: readonly string[]): Promise<void> {
  for (let left = MAX_ATTEMPTS; ; left--) {
    const { exitCode, stderr } = await tryGit(folder, args, {}, { deadlineMs: GIT_FILES_DEADLINE_MS });
    if (exitCode === 0) return;
    const isSwept = /worktrees.*No such file or directory/s.test(stderr);
    if (!isSwept || left === 0) throw gitFailure(folder, args, stderr);
  }
}

/** Returns the commit to compare a branch's work with if none was recorded: its merge base with the commit that is checked out now. */
export async function guessBase(repository: Repository, branch: string): Promise<string> {
  const { folder, commit } = repository;
  return (await findMergeBase(folder, commit, `refs/heads/${branch}`)) ?? commit;
}

/** Returns the folder in which a task of `cwd` runs in its worktree: the same subfolder. */
export function getRunFolder(plan: WorktreePlan): string {
  return join(plan.path, plan.repository.subfolder);
}

function isFolder(path: string): boolean {
  return statIfAny(path)?.isDirectory() === true;
}

/** Returns the error for a folder that the commit has, but a sparse checkout leaves out. */
function withoutRunFolder({ repository: { subfolder, toplevel, folder } }: WorktreePlan): AppError {
  return new AppError(
    "no_commit_holds_cwd",
    `A new worktree does not have the folder ${subfolder}: the sparse checkout of ${toplevel ?? folder} excludes it.`,
    `Add it (git -C ${quoteForShell(toplevel ?? folder)} sparse-checkout add ${quoteForShell(subfolder)}), or use a folder within the sparse checkout as cwd.`,
  );
}

function onOtherBranch(path: string, branch: string, other: string | undefined): AppError {
  return new AppError(
    "worktree_on_other_branch",
    `The worktree ${path} has ${other === undefined ? "a detached HEAD" : `the branch ${other}`} checked out, not ${branch}.`,
    `Switch it back (git -C ${quoteForShell(path)} switch ${branch}), or choose another topic.`,
  );
}

function checkedOutElsewhere(path: string, branch: string): AppError {
  return new AppError(
    "branch_checked_out",
    `Branch ${branch} is already checked out in ${path}.`,
    `Switch ${path} to another branch, or choose another topic.`,
  );
}

const MAX_ATTRIBUTES_BYTES = 4 * 1024 * 1024;

/** Returns a notice about unexpected properties of a new worktree; undefined if there are none. */
export async function describeWorktreeNotice(worktree: string): Promise<string | undefined> {
  const notes: string[] = [];
  if (pathExists(join(worktree, ".gitmodules"))) {
    notes.push("The worktree's submodules are empty (git submodule update --init checks them out).");
  }
  const attributes = readFileBounded(join(worktree, ".gitattributes"), {
    maxBytes: MAX_ATTRIBUTES_BYTES,
    within: worktree,
  });
  const isOfLfs = "bytes" in attributes && attributes.bytes.includes("filter=lfs");
  if (isOfLfs && !(await hasLfs(worktree))) {
    notes.push("git-lfs is not set up, so its files are only pointers in the worktree.");
  }
  return notes.length === 0 ? undefined : notes.join(" ");
}

async function hasLfs(folder: string): Promise<boolean> {
  const settings = await tryGit(folder, ["config", "--get-regexp", String.raw`^filter\.lfs\.(process|smudge)$`]);
  // Not `git lfs`: the repository may define an alias of that name.
  return settings.stdout !== "" && Bun.which("git-lfs") !== null;
}

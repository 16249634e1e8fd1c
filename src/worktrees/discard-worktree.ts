import { join } from "node:path";
import { incompleteRestoreError, isIncompleteRestore, readForeignLock } from "#git/worktree/worktree-lock.ts";
import { checkRemovable, removeWorktree } from "#git/worktree/remove-worktree.ts";
import {
  type IgnoredPath,
  listIgnored,
  pickLargeIgnored,
  readWorktreeState,
  type WorktreeState,
} from "#git/salvage/worktree-state.ts";
import { deleteSalvage } from "#git/salvage/list-salvage.ts";
import { toText } from "#git/byte-names.ts";
import { describeSystemCall } from "#git/system-failure.ts";
import { saveWorktree } from "#git/salvage/save-worktree.ts";
import { ChangedMeanwhileError, unreadableError } from "#git/salvage/walk.ts";
import { type BranchUse, findBranchUse } from "#git/repository/branch-in-use.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { AppError, errnoOf } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";
import { listSome, quoteForShell } from "#base/text.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import type { AppContext } from "#tasks/context.ts";
import { checkIdle, getTaskWorktree, worktreeGone, type WorktreeSite } from "./task-worktree.ts";

/** A discarded worktree, and where it was saved. */
export interface DiscardedWorktree {
  worktree_dir: string;
  agent_branch: string;
  /** Ref of the saved worktree. */
  salvage: string;
  /** Number of files that were saved in addition to the commits. */
  files_saved: number;
  /** Large ignored paths that were not saved, at the caller's request. */
  not_saved: string[];
  /** Remaining part of the folder, if this user may not remove all of it. */
  left_behind?: string;
}

/** Maximum size of the ignored files that are saved, in bytes; to discard more, the caller has to request it. */
const MAX_IGNORED_BYTES = 100 * 1024 * 1024;

/** Maximum number of attempts to save a worktree that is being written to. */
const MAX_ATTEMPTS = 3;

/**
 * Saves everything in a task's worktree under a ref of this server, then removes the worktree and its branch.
 * @param skipsLargeIgnored whether large ignored files and folders are not saved
 * @throws AppError `no_worktree`, `worktree_not_ours`, `worktree_locked`, `worktree_busy`, `worktree_gone`,
 *   `worktree_unusable`, `branch_in_use`, `worktree_has_repositories`, `ignored_too_large`; nothing is changed then
 */
export async function discardWorktree(
  context: AppContext,
  taskId: string,
  skipsLargeIgnored: boolean,
): Promise<DiscardedWorktree & { task_id: string }> {
  const site = await getTaskWorktree(context, taskId);
  return { task_id: site.task.task_id, ...(await discardSite(context, site, skipsLargeIgnored)) };
}

/** Discards a worktree, even if the records of its tasks are gone. @throws AppError as {@link discardWorktree} does */
export async function discardSite(
  context: AppContext,
  site: WorktreeSite,
  skipsLargeIgnored: boolean,
): Promise<DiscardedWorktree> {
  if (!site.isMadeHere) throw notOurs(site);
  if (isIncompleteRestore(site.path)) throw incompleteRestoreError(site.path);
  return removeSite(context, site, skipsLargeIgnored);
}

/** Discards a worktree, even if it was restored only in part. @throws AppError as {@link discardWorktree} does */
export async function removeSite(
  context: AppContext,
  site: WorktreeSite,
  skipsLargeIgnored: boolean,
): Promise<DiscardedWorktree> {
  const { repository, path: worktree, branch } = site;
  return withRepositoryLock(context.store, repository, async () => {
    await checkIdle(context, worktree);
    await checkDiscardable(site);
    const { ref, tip, state, leftOut } = await saveWithRetries(site, skipsLargeIgnored);
    const left = await removeWorktree({ repository, worktree, branch, tip }).catch(async (error: unknown) => {
      // The worktree is still there: no need to keep a copy.
      if (pathExists(join(worktree, ".git"))) await deleteSalvage(repository, ref);
      throw error;
    });
    return {
      worktree_dir: worktree,
      agent_branch: branch,
      salvage: ref,
      files_saved: state.files.size,
      not_saved: leftOut.map(toText),
      ...(left !== undefined && { left_behind: left }),
    };
  });
}

/** Checks that git's own commands would not refuse the removal, and that git in this folder works on this worktree. */
async function checkDiscardable(site: WorktreeSite): Promise<void> {
  const { repository, path: worktree, branch } = site;
  if ((await findWorktreeGitDir(worktree, repository)) === undefined) throw await worktreeGone(site);
  await checkRemovable(worktree);
  const lock = readForeignLock(worktree);
  if (lock !== undefined) throw locked(site, lock);
  const use = await findBranchUse(repository, branch, worktree);
  if (use !== undefined) throw inUse(site, use);
}

interface Saved {
  ref: string;
  tip: string | undefined;
  state: WorktreeState;
  leftOut: string[];
}

/** Saves the worktree, and repeats that until it has not changed while it was read. */
async function saveWithRetries(site: WorktreeSite, skipsLargeIgnored: boolean): Promise<Saved> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    try {
      const saved = await saveOnce(site, skipsLargeIgnored);
      if (saved !== undefined) return saved;
    } catch (error) {
      if (!(error instanceof ChangedMeanwhileError)) throw isSystemError(error) ? notSaved(site, error) : error;
    }
  }
  throw new AppError(
    "worktree_busy",
    `Files in ${site.path} changed while they were being saved.`,
    "Stop the programs that write there (such as an editor, a watcher or a server), then discard again.",
  );
}

/** Saves a worktree. @returns undefined if it changed meanwhile */
async function saveOnce(site: WorktreeSite, skipsLargeIgnored: boolean): Promise<Saved | undefined> {
  const { repository, path: worktree, branch } = site;
  const ignored = await listIgnored(worktree);
  if (!skipsLargeIgnored) checkIgnored(site, ignored);
  const leftOut = skipsLargeIgnored ? pickLargeIgnored(ignored) : [];
  const omitted = new Set(leftOut);
  const isLeftOut = (path: string) => omitted.has(path);
  const state = await readWorktreeState(worktree, isLeftOut);
  if (state.repositories.length > 0) throw hasRepositories(site, state.repositories);
  const { ref, tip } = await saveWorktree({ repository, worktree, branch, state, leftOut });
  const isUnchanged = (await readWorktreeState(worktree, isLeftOut)).signature === state.signature;
  if (isUnchanged) return { ref, tip, state, leftOut };
  await deleteSalvage(repository, ref);
  return undefined;
}

function isSystemError(error: unknown): error is Error {
  return !(error instanceof AppError) && errnoOf(error) !== undefined;
}

function checkIgnored(site: WorktreeSite, ignored: readonly IgnoredPath[]): void {
  const closed = ignored.find((each) => each.unreadable !== undefined)?.unreadable;
  if (closed !== undefined) throw unreadableError(closed);
  const bytes = ignored.reduce((sum, each) => sum + each.bytes, 0);
  if (bytes <= MAX_IGNORED_BYTES) return;
  const largestFirst = ignored.toSorted((a, b) => b.bytes - a.bytes);
  const names = largestFirst.map((each) => `${toText(each.path)} (${inMegabytes(each.bytes)})`);
  throw new AppError(
    "ignored_too_large",
    `${site.path} contains too many ignored files to save (${inMegabytes(bytes)}): ${listSome(names, 3)}.`,
    "Discard with skip_large_ignored if the large ones can be generated again; those smaller than 1 MB are still saved.",
  );
}

function inMegabytes(bytes: number): string {
  return bytes >= Number.MAX_SAFE_INTEGER ? "more than could be counted" : `${Math.round(bytes / 1024 / 1024)} MB`;
}

function notSaved({ path }: WorktreeSite, error: Error): AppError {
  const { hint = "Check that this user can read and write there." } = describeSystemCall(error);
  return new AppError(
    "worktree_unusable",
    `${path} cannot be saved: ${error.message}. Nothing was changed.`,
    `${hint} Then discard again.`,
    error,
  );
}

function inUse({ branch }: WorktreeSite, { path, what }: BranchUse): AppError {
  const hints: Record<BranchUse["what"], string> = {
    "checked out": `Switch that working tree to another branch (git -C ${quoteForShell(path)} switch <branch>), then discard again.`,
    "being rebased": `Finish or abort the rebase there (git -C ${quoteForShell(path)} rebase --continue or --abort), then discard again.`,
    "being bisected": `End the bisection there (git -C ${quoteForShell(path)} bisect reset), then discard again.`,
  };
  return new AppError("branch_in_use", `Branch ${branch} is ${what} in ${path}.`, hints[what]);
}

function notOurs({ path, branch, repository }: WorktreeSite): AppError {
  return new AppError(
    "worktree_not_ours",
    `${path} or its branch ${branch} existed before the task, so this server does not remove it.`,
    `Remove it yourself (git -C ${quoteForShell(repository)} worktree remove ${quoteForShell(path)}).`,
  );
}

function locked({ path, repository }: WorktreeSite, reason: string): AppError {
  return new AppError(
    "worktree_locked",
    `${path} is locked (git worktree lock)${reason === "" ? "" : `: ${reason}`}.`,
    `Unlock it (git -C ${quoteForShell(repository)} worktree unlock ${quoteForShell(path)}), then discard again.`,
  );
}

function hasRepositories({ path }: WorktreeSite, repositories: readonly string[]): AppError {
  return new AppError(
    "worktree_has_repositories",
    `${path} contains git repositories, which cannot be saved: ${listSome(repositories.map(toText))}.`,
    "Move them away, or push their commits and delete them, then discard again.",
  );
}

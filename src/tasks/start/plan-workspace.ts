import { basename, dirname, join } from "node:path";
import { findCommit, findBranchCommit } from "#git/repository/branches.ts";
import { inspectRepository, type Repository } from "#git/repository/repository.ts";
import { checkHasCwd } from "#git/worktree/check-cwd.ts";
import { checkGitFolderWritable } from "#git/worktree/check-place.ts";
import { hasGit } from "#git/run-git.ts";
import { checkTrusted } from "#git/trust.ts";
import { planWorktree, renewPlan, type WorktreePlan } from "#git/worktree/worktree.ts";
import { workspaceOf } from "#git/git-folders.ts";
import { AppError } from "#base/errors.ts";
import { isSameFile, listNames } from "#base/paths.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import { storePaths } from "#store/store-paths.ts";
import { agentBranchOf, findOtherCase, taskIdOf } from "#domain/names.ts";
import type { CheckedRequest } from "./request/check-request.ts";
import type { AppContext } from "#tasks/context.ts";
import { type ForkedWorktree, forkNeedsOwn, planFork } from "./fork/fork-worktree.ts";
import { chooseWorktreePath } from "./worktree-place.ts";

/** Place in which a task will run. */
export interface TaskWorkspace {
  /** Set if what Codex changes is not kept apart. */
  note?: string;
  /** Workspace to which the topic belongs. */
  workspace: string;
  /** Plan of the worktree; undefined if the task runs in `cwd` itself. */
  plan: WorktreePlan | undefined;
  /** State from which the worktree of a fork starts. */
  forked?: ForkedWorktree;
}

/**
 * Chooses where a task runs, without creating anything. Full-access tasks in a repository get a worktree.
 * @throws AppError if the repository, or something at the worktree's path, prevents a worktree
 */
export async function planWorkspace(context: AppContext, request: CheckedRequest): Promise<TaskWorkspace> {
  checkLetterCase(context, taskIdOf(request.parsedTopic));
  const workspace = workspaceOf(request.realCwd);
  // Codex runs git in the folder, too.
  if (hasGit()) await checkTrusted(request.realCwd);
  const isSeeded = request.base !== undefined || request.includeUncommitted === true;
  if (request.sandbox === "read-only") {
    if (isSeeded) throw withoutWorktree("A read-only task works directly in cwd");
    return { workspace, plan: undefined };
  }
  const repository = await inspectRepository(request.realCwd);
  if (repository === undefined) {
    if (isSeeded) throw withoutWorktree(`${request.cwd} is not in a git repository`);
    const note = `${request.cwd} is not in a git repository: Codex works directly in it, without a worktree, a branch or an undo.`;
    return { workspace, plan: undefined, note };
  }
  const path = chooseWorktreePath(context, repository, request.parsedTopic);
  const parent = request.fork?.record;
  const forked = parent === undefined ? undefined : await planFork(context, repository, parent);
  const placed = { ...(forked?.repository ?? (await atBase(repository, request))), parent: dirname(path) };
  const plan = await planPlaced(context, placed, path, agentBranchOf(request.parsedTopic));
  checkGitFolderWritable(repository);
  if (request.fork === undefined) {
    await checkHasCwd(plan, request.includeUncommitted === true);
    return { workspace, plan };
  }
  if (plan.action !== "create") throw forkNeedsOwn(path, plan.branch);
  await checkHasCwd(plan, forked?.worktree !== undefined);
  return { workspace, plan, ...(forked !== undefined && { forked, ...noteOf(forked) }) };
}

function noteOf({ note }: ForkedWorktree): { note?: string } {
  return note === undefined ? {} : { note };
}

/** Plans a worktree. What seems to be in its way may be the same worktree, which another task is just getting. */
async function planPlaced(
  { store }: AppContext,
  repository: Repository,
  path: string,
  branch: string,
): Promise<WorktreePlan> {
  try {
    return await planWorktree(repository, basename(path), branch);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return withRepositoryLock(store, repository.commonDir, () => renewPlan({ repository, path, branch }));
  }
}

/**
 * Refuses a task whose name differs from that of another task only in case, as both would share a folder.
 * @throws AppError `invalid_topic`
 */
function checkLetterCase({ config }: AppContext, taskId: string): void {
  const { tasks } = storePaths(config.home);
  const other = findOtherCase(taskId, listNames(tasks));
  if (other === undefined || !isSameFile(join(tasks, taskId), join(tasks, other))) return;
  throw new AppError(
    "invalid_topic",
    `The task id ${taskId} differs from ${other} only in upper and lower case, which the state folder's file system does not distinguish.`,
    "Use another description for the topic, or the exact spelling of the other one.",
  );
}

/** Returns the repository with the commit from which a new worktree starts instead of the checked-out commit. */
async function atBase(repository: Repository, request: CheckedRequest): Promise<Repository> {
  const { base, includeUncommitted, startsFrom } = request;
  if (startsFrom !== undefined) return { ...repository, ...startsFrom };
  if (base === undefined) return repository;
  if (includeUncommitted === true) {
    throw new AppError(
      "invalid_argument",
      "base and include_uncommitted cannot be combined: uncommitted changes belong to the checked-out commit.",
      "Give only one of them.",
    );
  }
  const [ofBranch, commit] = await Promise.all([
    findBranchCommit(repository.folder, base),
    findCommit(repository.folder, base),
  ]);
  if (ofBranch !== undefined) return { ...repository, commit: ofBranch, branch: base };
  if (commit !== undefined) return { ...repository, commit, branch: undefined };
  throw new AppError(
    "unknown_branch",
    `base "${base}" is not a branch, tag or commit of this repository.`,
    "Run `git branch --all` to list branches.",
  );
}

function withoutWorktree(why: string): AppError {
  return new AppError(
    "invalid_argument",
    `${why}, so base and include_uncommitted do not apply.`,
    "Omit base and include_uncommitted.",
  );
}

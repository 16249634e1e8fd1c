import { inspectRepository } from "#git/repository.ts";
import { guessBase, makeWorktree, planWorktree, runFolderIn, type WorktreePlan } from "#git/worktree.ts";
import { workspaceOf } from "#git/workspace.ts";
import { withLock } from "#store/lock.ts";
import { findWorktreeBase, noteWorktreeBase } from "#store/worktree-base.ts";
import { agentBranchOf, worktreeNameOf } from "#task/names.ts";
import type { WorktreePlace } from "#task/record.ts";
import type { CheckedRequest } from "./check-request.ts";
import type { AppContext } from "./context.ts";

/** Where a task is to run. */
export interface Place {
  /** Whose topic it is. */
  workspace: string;
  /** Undefined: in `cwd` itself. */
  plan: WorktreePlan | undefined;
}

/**
 * Chooses where a task runs; nothing is made yet. Full-access tasks in a repository get a worktree.
 * @throws AppError where the repository, or what stands in the worktree's place, does not allow one
 */
export async function choosePlace(request: CheckedRequest): Promise<Place> {
  const workspace = workspaceOf(request.realCwd);
  if (request.sandbox === "read-only") return { workspace, plan: undefined };
  const repository = await inspectRepository(request.realCwd);
  if (repository === undefined) return { workspace, plan: undefined };
  const name = worktreeNameOf(repository.name, request.parsedTopic);
  const plan = await planWorktree(repository, name, agentBranchOf(request.parsedTopic));
  return { workspace, plan };
}

/** A worktree that is there, with the folder in it where Codex runs. */
export interface MadePlace {
  worktree: WorktreePlace & { base_commit: string };
  runDir: string;
}

/** Makes the planned worktree, one at a time for each repository over all servers, and notes its base. */
export async function makePlace({ store }: AppContext, plan: WorktreePlan): Promise<MadePlace> {
  const { repository, path, branch } = plan;
  await withLock(store, `worktrees of ${repository.commonDir}`, () => makeWorktree(plan));
  const noted = plan.action === "create" ? undefined : findWorktreeBase(store, path);
  const base_commit =
    noted?.base_commit ?? (plan.action === "create" ? repository.commit : await guessBase(repository, branch));
  const base_branch = noted === undefined ? repository.branch : noted.base_branch;
  const worktree = {
    worktree_dir: path,
    agent_branch: branch,
    base_commit,
    ...(base_branch === undefined ? {} : { base_branch }),
  };
  if (noted === undefined) noteWorktreeBase(store, worktree);
  return { worktree, runDir: runFolderIn(plan) };
}

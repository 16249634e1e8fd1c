import { inspectRepository } from "#git/repository.ts";
import { guessBase, makeWorktree, planWorktree, renewPlan, runFolderIn, type WorktreePlan } from "#git/worktree.ts";
import { workspaceOf } from "#git/workspace.ts";
import { withRepositoryLock } from "#store/lock.ts";
import { findWorktreeBase, noteWorktreeBase, type WorktreeBase } from "#store/worktree-base.ts";
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
export async function makePlace({ store }: AppContext, planned: WorktreePlan): Promise<MadePlace> {
  const { repository, path, branch } = planned;
  return withRepositoryLock(store, repository.commonDir, async () => {
    // Somebody may have made or discarded it since.
    const plan = await renewPlan(planned);
    await makeWorktree(plan);
    const base = (plan.action === "create" ? undefined : findWorktreeBase(store, path)) ?? (await newBase(plan));
    const worktree = { worktree_dir: path, agent_branch: branch, ...base };
    noteWorktreeBase(store, worktree);
    return { worktree, runDir: runFolderIn(plan) };
  });
}

async function newBase({ action, repository, branch }: WorktreePlan): Promise<WorktreeBase> {
  const isNew = action === "create";
  return {
    base_commit: isNew ? repository.commit : await guessBase(repository, branch),
    ...(repository.branch !== undefined && { base_branch: repository.branch }),
    ...(isNew && { made_here: true }),
  };
}

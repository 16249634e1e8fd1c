import { dirname } from "node:path";
import { checkHasCwd } from "#git/worktree/check-cwd.ts";
import { explainSystemCall } from "#git/system-failure.ts";
import { snapshotWork } from "#git/snapshots/snapshot-work.ts";
import { copyIncluded } from "#git/worktree/worktree-include.ts";
import {
  describeWorktreeNotice,
  guessBase,
  makeWorktree,
  renewPlan,
  getRunFolder,
  type WorktreePlan,
} from "#git/worktree/worktree.ts";
import { AppError } from "#base/errors.ts";
import { makePrivateFolder } from "#platform/files/files.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import { findWorktreeBase, recordWorktree, type WorktreeBase } from "#store/worktree-base.ts";
import type { TaskRequest, WorktreePlace } from "#domain/record.ts";
import type { CheckedRequest } from "./request/check-request.ts";
import type { AppContext } from "#tasks/context.ts";
import { type ForkedWorktree, forkNeedsOwn, snapshotWorktree } from "./fork/fork-worktree.ts";
import { isBelowState } from "./worktree-place.ts";

/** Worktree that exists, with the folder in it in which Codex runs. */
export interface PreparedWorktree {
  worktree: WorktreePlace & { base_commit: string } & Pick<TaskRequest, "worktree_note">;
  runDir: string;
}

/**
 * Creates the planned worktree and records its base. All servers together create one worktree at a time in each
 * repository.
 * @param forked state from which it starts, if the task is a fork
 * @throws AppError `worktree_exists` if the worktree exists and so cannot start from the requested base
 */
export async function prepareWorktree(
  { store, config }: AppContext,
  planned: WorktreePlan,
  request: CheckedRequest,
  forked?: ForkedWorktree,
): Promise<PreparedWorktree> {
  const { repository, path, branch } = planned;
  const make = async () => {
    // Another process may have created or discarded the worktree meanwhile.
    const plan = await renewPlan(planned);
    if (request.fork !== undefined && plan.action !== "create") throw forkNeedsOwn(path, branch);
    const noted = plan.action === "create" ? undefined : findWorktreeBase(store, path);
    const base = noted ?? (await newBase(plan, request, forked));
    if (plan.action !== "create") checkBase(plan, base, request);
    const commit = await findStart(plan, base, forked);
    const begun = { ...plan, repository: { ...repository, commit } };
    await checkHasCwd(begun, false);
    if (isBelowState(config, path)) makePrivateFolder(dirname(path));
    await makeWorktree(begun);
    recordWorktree(store, { worktree_dir: path, agent_branch: branch, workspace: repository.commonDir, ...base });
    const source = plan.action === "reuse" ? undefined : repository.toplevel;
    const leftOut = source === undefined ? undefined : await copyIncluded(source, path);
    const place = config.worktrees === undefined && isBelowState(config, path) ? notePlace(planned) : undefined;
    const notes = [place, await describeWorktreeNotice(path), leftOut].filter((each) => each !== undefined);
    const worktree = {
      worktree_dir: path,
      agent_branch: branch,
      ...base,
      ...(notes.length > 0 && { worktree_note: notes.join(" ") }),
    };
    return { worktree, runDir: getRunFolder(plan) };
  };
  return withRepositoryLock(store, repository.commonDir, make).catch((error: unknown) => {
    throw explainSystemCall(path, error) ?? error;
  });
}

function notePlace({ path, repository }: WorktreePlan): string {
  return `The worktree is ${path}, in the state folder, because the folder beside the repository ${repository.mainTree} is not writable; set CODEXMCP_WORKTREES to use another folder.`;
}

/** Returns the commit from which a worktree starts: its base, or the state of the worktree that it is a copy of. */
async function findStart(
  { repository }: WorktreePlan,
  { base_commit }: WorktreeBase,
  forked: ForkedWorktree | undefined,
): Promise<string> {
  if (forked?.base === undefined) return base_commit;
  return forked.worktree === undefined ? repository.commit : snapshotWorktree(forked.worktree);
}

async function newBase(
  { action, repository, branch }: WorktreePlan,
  request: CheckedRequest,
  forked: ForkedWorktree | undefined,
): Promise<WorktreeBase> {
  // The work of a fork includes that of its task.
  if (forked?.base !== undefined) return { ...forked.base, made_here: true };
  const onBranch = repository.branch === undefined ? {} : { base_branch: repository.branch };
  if (action !== "create") return { base_commit: await guessBase(repository, branch), ...onBranch };
  const { toplevel, commit } = repository;
  const isSnapshot = request.includeUncommitted === true && toplevel !== undefined;
  return {
    base_commit: isSnapshot ? await snapshotWork(toplevel, commit) : commit,
    ...onBranch,
    made_here: true,
  };
}

/**
 * Refuses another base for a worktree that already exists.
 * @throws AppError `worktree_exists`
 */
function checkBase({ path, repository }: WorktreePlan, base: WorktreeBase, request: CheckedRequest): void {
  const isAsked = request.includeUncommitted === true || request.base !== undefined || request.startsFrom !== undefined;
  const isThatBase = request.includeUncommitted !== true && repository.commit === base.base_commit;
  if (!isAsked || isThatBase) return;
  throw new AppError(
    "worktree_exists",
    `The worktree ${path}, or its branch, already exists and started from ${base.base_commit.slice(0, 12)}.`,
    "Omit base and include_uncommitted to continue in it, discard it with codex_discard to start over, or use another description.",
  );
}

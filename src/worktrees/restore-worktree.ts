import { dirname } from "node:path";
import { readManifest, SALVAGE_REFS } from "#git/salvage/manifest.ts";
import { restoreFromSalvage } from "#git/salvage/restore-worktree.ts";
import { isIncompleteRestore } from "#git/worktree/worktree-lock.ts";
import { listSalvage } from "#git/salvage/list-salvage.ts";
import { toText } from "#git/byte-names.ts";
import { listGitWorktrees } from "#git/worktree/worktree-list.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { AppError } from "#base/errors.ts";
import { quoteForShell } from "#base/text.ts";
import { withRepositoryLock } from "#store/locks/lock.ts";
import { findNewestTaskIn } from "#store/tasks/list-tasks.ts";
import { listStoredWorktrees } from "#store/worktree-base.ts";
import { agentBranchOf, parseRunId } from "#domain/names.ts";
import type { AppContext } from "#tasks/context.ts";
import { removeSite } from "./discard-worktree.ts";
import { findTaskOrImport, resolveTask } from "#tasks/lookup.ts";
import { findRepository, type KeptWorktree, listKnownSalvage } from "./known-salvage.ts";
import { checkIdle, getTaskWorktree } from "./task-worktree.ts";
import { isBelowState } from "#tasks/start/worktree-place.ts";
import { parseTopic } from "#domain/topic.ts";

/** A restored worktree. */
export interface RestoredLocation {
  /** Id of the task that worked there last, if its record still exists. */
  task_id?: string;
  worktree_dir: string;
  agent_branch: string;
  /** The ref that it was restored from, which stays. */
  salvage: string;
  /** Ignored files and folders that were not saved when it was discarded. */
  not_saved: string[];
  /** The other branch that was checked out instead of the agent's; it has moved or is in use now, so its commit is checked out. */
  detached_from?: string;
}

/**
 * Restores a worktree to the state in which it was last discarded.
 * @param name the id or topic of a task, whose record may be gone; a branch; a ref reported by `discard`; or the beginning of a
 *   task's id
 * @param folder a folder whose repository is searched too, and preferred to others that keep a worktree of this name
 * @throws AppError `unknown_task`, `no_worktree`, `nothing_salvaged`, `worktree_path_taken`, `branch_exists`,
 *   `invalid_argument`
 */
export async function restoreWorktree(context: AppContext, name: string, folder: string): Promise<RestoredLocation> {
  const kept = await chooseKept(context, name, folder);
  const { repository, ref, branch } = kept;
  await removeIncompleteRestore(context, kept);
  return withRepositoryLock(context.store, repository, async () => {
    const { worktree: path } = await readManifest(repository, ref);
    await checkKnownPlace(context, kept, path);
    await checkIdle(context, path);
    const { worktree, leftOut, detachedFrom } = await restoreFromSalvage(repository, ref);
    const taskId = findNewestTaskIn(context.store, worktree)?.task_id;
    return {
      ...(taskId !== undefined && { task_id: taskId }),
      worktree_dir: worktree,
      agent_branch: branch,
      salvage: ref,
      not_saved: leftOut.map(toText),
      ...(detachedFrom !== undefined && { detached_from: detachedFrom }),
    };
  });
}

/** Removes the remains of an interrupted restore from the worktree's path, after saving them as for any worktree. */
async function removeIncompleteRestore(context: AppContext, { repository, ref, branch }: KeptWorktree): Promise<void> {
  const { worktree: path } = await readManifest(repository, ref);
  if (!isIncompleteRestore(path)) return;
  await findWorktreeGitDir(path, repository);
  const site = { path, branch, repository, baseCommit: "", baseBranch: undefined, isMadeHere: true };
  await removeSite(context, site, true);
}

/** Finds a task by its full id; else a saved worktree by the name; else a task by the beginning of its id. */
async function chooseKept(context: AppContext, name: string, folder: string): Promise<KeptWorktree> {
  const taskId = parseRunId(name)?.taskId ?? name;
  const exact = findTaskOrImport(context, taskId) ?? findTaskOrImport(context, `codex-${taskId}`);
  if (exact !== undefined) return getNewestKept(context, exact.record.task_id);
  const kept = await findKept(context, name, folder);
  return kept ?? getNewestKept(context, resolveTask(context, name).record.task_id);
}

async function getNewestKept(context: AppContext, taskId: string): Promise<KeptWorktree> {
  const { repository, branch } = await getTaskWorktree(context, taskId);
  const [newest] = await listSalvage(repository, branch);
  if (newest !== undefined) return { ...newest, repository };
  const hint = "Run codex-mcp-server restore --list to see which discarded worktrees are kept.";
  throw new AppError("nothing_salvaged", `No discarded worktree of ${branch} is kept.`, hint);
}

/**
 * Checks that the path is a known worktree's, in the state folder, or beside a listed worktree: the repository's
 * refs may have been written by another program.
 */
async function checkKnownPlace(
  { store, config }: AppContext,
  { repository, ref }: KeptWorktree,
  path: string,
): Promise<void> {
  const isKnown = listStoredWorktrees(store).some(
    (each) => each.worktree_dir === path && each.workspace === repository,
  );
  const parent = dirname(path);
  if (isKnown || isBelowState(config, path)) return;
  if ((await listGitWorktrees(repository)).some((each) => dirname(each.path) === parent)) return;
  throw new AppError(
    "nothing_salvaged",
    `${ref} would be restored to ${path}, which no task of this state folder has used.`,
    `Check its contents if you trust the repository (git -C ${quoteForShell(repository)} show --stat ${quoteForShell(ref)}).`,
  );
}

/**
 * Finds the newest saved worktree by its branch, its ref, or the id or topic of a task, whose record may be gone.
 * @param folder a folder whose repository is searched too, and preferred
 * @throws AppError `invalid_argument` if several other repositories have one
 */
async function findKept(context: AppContext, name: string, folder: string): Promise<KeptWorktree | undefined> {
  const { kept } = await listKnownSalvage(context, folder);
  const branches = candidateBranches(name);
  const isMeant = ({ ref, branch }: KeptWorktree) =>
    name.startsWith(`${SALVAGE_REFS}/`) ? ref === name : branches.has(branch);
  const newest = new Map<string, KeptWorktree>();
  for (const each of kept.filter(isMeant)) if (!newest.has(each.repository)) newest.set(each.repository, each);
  const here = await findRepository(folder);
  const [first, ...others] = newest.values();
  const preferred = here === undefined ? undefined : newest.get(here);
  if (preferred !== undefined || others.length === 0) return preferred ?? first;
  throw new AppError(
    "invalid_argument",
    `Several repositories have a discarded worktree of ${name}: ${[...newest.keys()].join(", ")}.`,
    "Run codex-mcp-server restore in one of them, or restore a ref that codex-mcp-server restore --list shows.",
  );
}

function candidateBranches(name: string): ReadonlySet<string> {
  const branches = new Set([name.replace(/^refs\/heads\//, ""), `agent/${name}`]);
  // Tasks of one topic in several workspaces have a suffix each.
  const topic = /^(?:codex-)?(.+?-v\d+)(?:-[A-Za-z0-9]+)?$/.exec(name)?.[1];
  const key = topic === undefined ? undefined : findAgentBranch(topic);
  if (key !== undefined) branches.add(key);
  return branches;
}

function findAgentBranch(topic: string): string | undefined {
  try {
    return agentBranchOf(parseTopic(topic));
  } catch {
    return undefined;
  }
}

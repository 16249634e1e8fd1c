import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { listRemoved } from "#git/worktree/remove-worktree.ts";
import { logger } from "#base/log.ts";
import { measureFolder } from "#platform/files/folder-size.ts";
import { type EarlierRun, type ForgettableTask, listLeftovers } from "#store/tasks/forget-task.ts";
import { listTaskIds } from "#store/tasks/list-tasks.ts";
import { listStoredWorktrees } from "#store/worktree-base.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "./context.ts";
import { listOwnFolders } from "#tasks/start/worktree-place.ts";
import {
  forgetEarlierRuns,
  forgetTasks,
  type Limits,
  listTasksBeyondLimits,
  listRunsBeyondLimits,
} from "./retention.ts";

/** Files and tasks that a clean-up removes. */
export interface CleanUp {
  tasks: (ForgettableTask & { bytes: number })[];
  /** Files and folders that are no longer needed. */
  leftovers: { path: string; what: string; bytes: number }[];
  /** Files of earlier runs of tasks that are kept. */
  runs: (EarlierRun & { bytes: number })[];
}

/** Returns what a clean-up would remove, without changing anything. */
export async function planCleanUp(context: AppContext, limits: Limits): Promise<CleanUp> {
  const { home } = context.config;
  const tasks = listTasksBeyondLimits(context, limits);
  const going = new Set(tasks.map(({ task_id }) => task_id));
  const staying = listTaskIds(context.store, "", -1).filter((id) => !going.has(id));
  const runs = staying.flatMap((id) => listRunsBeyondLimits(context, id, limits));
  const leftovers = [...listLeftovers(context.store), ...listRemovedWorktrees(context)];
  return {
    tasks: await Promise.all(tasks.map((task) => withBytes(task, taskPaths(home, task.task_id).folder))),
    runs: await Promise.all(runs.map((run) => withBytes(run, run.path))),
    leftovers: await Promise.all(leftovers.map((each) => withBytes(each, each.path))),
  };
}

/** Lists the remains of worktrees whose removal was interrupted. They are in the folder that contained the worktree. */
function listRemovedWorktrees({ store, config }: AppContext): { path: string; what: string }[] {
  const stored = listStoredWorktrees(store).map(({ worktree_dir }) => dirname(worktree_dir));
  const parents = new Set([...stored, ...listOwnFolders(config)]);
  return [...parents]
    .flatMap(listRemoved)
    .map((path) => ({ path, what: "discarded worktree whose removal was interrupted" }));
}

async function withBytes<T>(each: T, path: string): Promise<T & { bytes: number }> {
  return { ...each, bytes: (await measureFolder(path)).bytes };
}

/**
 * Carries out a planned clean-up.
 * @returns what was removed
 */
export function cleanUp(context: AppContext, plan: CleanUp): CleanUp {
  const forgotten = new Set(forgetTasks(context, plan.tasks).map((task) => task.task_id));
  const runs = new Set(forgetEarlierRuns(context, plan.runs).map(({ path }) => path));
  return {
    tasks: plan.tasks.filter((task) => forgotten.has(task.task_id)),
    runs: plan.runs.filter(({ path }) => runs.has(path)),
    leftovers: plan.leftovers.filter(({ path }) => tryRemove(path)),
  };
}

function tryRemove(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch (error) {
    logger("app").warn`${path} cannot be removed: ${String(error)}`;
    return false;
  }
}

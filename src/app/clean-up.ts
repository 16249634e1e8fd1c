import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { listRemoved } from "#git/remove-worktree.ts";
import { measureFolder } from "#lib/files.ts";
import type { ForgettableTask } from "#store/forget-task.ts";
import { listLeftovers } from "#store/leftovers.ts";
import { listStoredWorktrees } from "#store/worktree-base.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "./context.ts";
import { forgetTasks, type Limits, listBeyond } from "./retention.ts";

/** What a clean-up removes. */
export interface CleanUp {
  tasks: (ForgettableTask & { bytes: number })[];
  /** Files and folders that nothing needs any more. */
  leftovers: { path: string; what: string; bytes: number }[];
}

/** What a clean-up would remove; nothing is changed. */
export async function planCleanUp(context: AppContext, limits: Limits): Promise<CleanUp> {
  const { home } = context.config;
  const tasks = listBeyond(context, limits).map((task) => withBytes(task, taskPaths(home, task.task_id).folder));
  const leftovers = [...listLeftovers(context.store), ...listRemovedWorktrees(context)];
  return {
    tasks: await Promise.all(tasks),
    leftovers: await Promise.all(leftovers.map((each) => withBytes(each, each.path))),
  };
}

/** They stand beside where the worktrees stood. */
function listRemovedWorktrees({ store }: AppContext): { path: string; what: string }[] {
  const parents = new Set(listStoredWorktrees(store).map(({ worktree_dir }) => dirname(worktree_dir)));
  return [...parents]
    .flatMap(listRemoved)
    .map((path) => ({ path, what: "discarded worktree whose removal was broken off" }));
}

async function withBytes<T>(each: T, path: string): Promise<T & { bytes: number }> {
  return { ...each, bytes: (await measureFolder(path)).bytes };
}

/** Does what was planned. @returns what is gone */
export function cleanUp(context: AppContext, plan: CleanUp): CleanUp {
  const forgotten = new Set(forgetTasks(context, plan.tasks).map((task) => task.task_id));
  for (const { path } of plan.leftovers) rmSync(path, { recursive: true, force: true });
  return { ...plan, tasks: plan.tasks.filter((task) => forgotten.has(task.task_id)) };
}

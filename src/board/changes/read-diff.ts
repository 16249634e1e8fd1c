import { AppError } from "#base/errors.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import { writeShownCommits, writeShownPatch } from "#git/changes/worktree-diff.ts";
import { findBranchCommit, findCommit } from "#git/repository/branches.ts";
import { listSalvage } from "#git/salvage/list-salvage.ts";
import { findMerged, listTasksIn } from "#store/worktree-base.ts";
import { readEarlierMeta } from "#store/tasks/meta-file.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { AppContext } from "#tasks/context.ts";
import { findWorktreeFolder, getTaskWorktree, type TaskWorktree } from "#worktrees/task-worktree.ts";
import { diffTasks } from "#worktrees/compare/diff-tasks.ts";
import type { DiffOverview, DiffSince } from "#board/api/changes.ts";
import type { BoardContext } from "#board/server/route.ts";
import { keepPatch } from "./patch-files.ts";

/**
 * Returns the changes of a task: those of its worktree or, if that is gone, of its branch or last merge. If there is no run before, they are
 * those since its base.
 * @throws AppError `unknown_task`, `no_worktree`, `worktree_gone`, and as git's commands do
 */
export async function readTaskDiff(context: BoardContext, taskId: string, since: DiffSince): Promise<DiffOverview> {
  const site = await getTaskWorktree(context.app, taskId);
  const work = await findWork(context.app, site);
  const end = await findEarlierEnd(context.app, site);
  const from = since === "run" ? (end ?? site.baseCommit) : site.baseCommit;
  const patch = await keepPatch(context, async (file) =>
    "folder" in work
      ? writeShownPatch(work.folder, from, file)
      : writeShownCommits(site.repository, [from, work.commit], file),
  );
  return {
    ...patch,
    since: from === end && since === "run" ? "run" : "base",
    has_last_run: end !== undefined,
    ...(work.note !== undefined && { note: work.note }),
  };
}

/**
 * Returns the differences between the works of two tasks.
 * @throws AppError `unknown_task`, `no_worktree`, `worktree_gone`, and as git's commands do
 */
export async function readComparedDiff(context: BoardContext, from: string, to: string): Promise<DiffOverview> {
  let note: string | undefined;
  const patch = await keepPatch(context, async (file) => {
    ({ note } = await diffTasks(context.app, [from, to], [], 0, file));
  });
  return { ...patch, since: "base", has_last_run: false, ...(note !== undefined && { note }) };
}

/** Place where the work of a task is. */
type Work = { folder: string; note?: string } | { commit: string; note: string };

async function findWork({ store }: AppContext, site: TaskWorktree): Promise<Work> {
  const { repository, branch, path } = site;
  const folder = await findWorktreeFolder(site);
  if (folder !== undefined) return { folder };
  const commit = await findBranchCommit(repository, branch);
  if (commit !== undefined) return { commit, note: `The worktree is gone: this is the commit of branch ${branch}.` };
  const tip = findMerged(store, path)?.tip;
  const merged = tip === undefined ? undefined : await findCommit(repository, tip);
  if (merged !== undefined) {
    return { commit: merged, note: "The worktree and its branch are gone: this is the last commit that was merged." };
  }
  throw await workGone(site);
}

async function workGone({ repository, branch, path }: TaskWorktree): Promise<AppError> {
  const [salvage] = await listSalvage(repository, branch);
  return salvage === undefined
    ? new AppError(
        "worktree_gone",
        `The worktree ${path} and its branch ${branch} are gone.`,
        "Read the result instead.",
      )
    : new AppError("worktree_gone", `The work was discarded at ${salvage.savedAt}.`, "Restore it to see its changes.");
}

/** Number of earlier runs of a task whose records are read. */
const MAX_RUNS = 50;

/** Returns the commit with which the run before the last one ended, whichever tasks of the worktree they were of. */
async function findEarlierEnd({ store, config }: AppContext, site: TaskWorktree): Promise<string | undefined> {
  const records = listTasksIn(store, site.path);
  const earlier = records.flatMap(({ task_id, run }) =>
    Array.from({ length: Math.min(run - 1, MAX_RUNS) }, (_, index) =>
      readEarlierMeta(taskPaths(config.home, task_id), run - 1 - index),
    ),
  );
  const began = records.reduce((latest, { start_time }) => (start_time > latest ? start_time : latest), "");
  const [last] = [...records, ...earlier]
    .flatMap((record) => endOf(record))
    .filter(({ time }) => time <= began)
    .toSorted((a, b) => (a.time < b.time ? 1 : -1));
  return last?.commit === undefined ? undefined : findCommit(site.repository, last.commit);
}

function endOf(record: TaskRecord | undefined): { time: string; commit: string | undefined }[] {
  if (record === undefined || !isEnded(record)) return [];
  return [{ time: record.end_time, commit: record.end_commit }];
}

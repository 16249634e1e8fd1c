import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import { pathExists } from "#base/paths.ts";
import { MAX_TRIES } from "#domain/group.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { listGroupIds, listGroups } from "#store/tasks/groups.ts";
import type { AppContext } from "#tasks/context.ts";
import { repositoryOf } from "#tasks/overview.ts";
import type { ComparableGroup, ComparedEntry, BoardComparison } from "#board/api/compare.ts";
import { readActionBody } from "#board/server/read-request.ts";
import { respondJson } from "#board/server/respond.ts";
import type { Route } from "#board/server/route.ts";
import { type ComparedTask, compareTasks } from "#worktrees/compare/compare-tasks.ts";
import { takeTask } from "./take-task.ts";

/** Longest name of a task or group, in characters. */
const MAX_NAME = 300;

const TaskName = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME));
const TakeSchema = v.object({
  take: TaskName,
  discard: v.pipe(v.array(TaskName), v.maxLength(MAX_TRIES)),
});

/** Routes of the page "Compare". */
export const COMPARE_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/api/compare",
    kind: "data",
    handle: async ({ app }, { url }) => respondJson(await readComparison(app, readNames(url))),
  },
  {
    method: "GET",
    path: "/api/compare/groups",
    kind: "data",
    handle: ({ app }) => respondJson(readGroups(app)),
  },
  {
    method: "POST",
    path: "/api/compare/take",
    kind: "action",
    handle: async ({ app }, request) => respondJson(await takeTask(app, await readActionBody(TakeSchema, request))),
  },
];

/** Maximum number of groups that are offered. */
const MAX_GROUPS = 50;

function readNames({ searchParams }: URL): string[] {
  const names = [...searchParams.getAll("task"), ...searchParams.getAll("group")];
  if (names.length > 0 && names.length <= MAX_TRIES && names.every(({ length }) => length <= MAX_NAME)) return names;
  throw new AppError("invalid_argument", `A comparison takes 2 to ${MAX_TRIES} tasks.`, "Mark other tasks.");
}

/** Returns the comparison of tasks as the board shows it. @param names ids or topics of tasks, or names of groups */
async function readComparison(app: AppContext, names: readonly string[]): Promise<BoardComparison> {
  const { tasks, ...common } = await compareTasks(app, names);
  return { tasks: tasks.map((task) => toEntry(app, task)), ...common };
}

function toEntry({ store }: AppContext, task: ComparedTask): ComparedEntry {
  const { task_id: id, result_file, result, ...rest } = task;
  const record = findTask(store, id)?.record;
  return {
    ...rest,
    id,
    title: record?.title ?? record?.topic ?? id,
    repository: record === undefined ? "" : repositoryOf(record.workspace),
    ...(record?.agent_branch !== undefined && { branch: record.agent_branch }),
    ...(record?.base_branch !== undefined && { base_branch: record.base_branch }),
    ...(record?.group !== undefined && { group: record.group.id }),
    has_worktree: record?.worktree_dir !== undefined && pathExists(record.worktree_dir),
    ...(result !== undefined && { result, ...(isCut(result) && { is_cut: true }) }),
  };
}

/** Returns whether a result was shortened: its end says so. */
function isCut(result: string): boolean {
  return result.endsWith("…");
}

function readGroups({ store }: AppContext): ComparableGroup[] {
  return listGroups(store, MAX_GROUPS)
    .filter(({ tasks }) => tasks > 1)
    .map(({ id, tasks }) => {
      const [first = ""] = listGroupIds(store, id);
      return { id, tasks, title: findTask(store, first)?.record.title ?? id };
    });
}

import { AppError } from "#base/errors.ts";
import { mapLimited } from "#base/concurrency.ts";
import { shorten } from "#base/text.ts";
import { toFailure } from "#base/errors.ts";
import { MAX_TRIES } from "#domain/group.ts";
import { elapsedSeconds, isEnded, type TaskRecord, visibleStatus, type VisibleStatus } from "#domain/record.ts";
import { countTokens, type Usage } from "#domain/usage.ts";
import { withTemporaryObjects } from "#git/snapshots/work-tree.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { findMerged } from "#store/worktree-base.ts";
import type { AppContext } from "#tasks/context.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import { resolveTasks } from "#tasks/lookup.ts";
import { readRunUsage } from "#tasks/session-usage.ts";
import { getTaskWorktree, type TaskWorktree } from "#worktrees/task-worktree.ts";
import { readTaskChanges, type TaskChanges } from "./task-work.ts";

/** One of several tasks that are compared. */
export interface ComparedTask {
  task_id: string;
  status: VisibleStatus;
  model?: string;
  reasoning_effort?: string;
  profile?: string;
  elapsed_seconds: number;
  /** Tokens of the run: input that was not cached, and output. */
  tokens?: number;
  /** Outcome of the check. */
  check?: { passed: boolean; attempts: number; exit_code?: number };
  /** Summary of what differs from the base commit; absent if the task has no worktree. */
  changes?: { files: number; insertions: number; deletions: number };
  /** Commit that its last merge resulted in. */
  merged?: string;
  /** Beginning of the result or of the error. */
  result?: string;
  error?: string;
  /** File with the whole result. */
  result_file?: string;
  /** Reason why something is missing. */
  note?: string;
}

/** File that several of the tasks changed. */
export interface CommonFile {
  path: string;
  /** Their ids. */
  tasks: string[];
}

/** Comparison of several tasks. */
export interface TaskComparison {
  tasks: ComparedTask[];
  /** Files that several tasks changed; the first {@link MAX_COMMON_FILES}. */
  files_in_common: CommonFile[];
  files_left_out?: number;
  /** Ids of tasks whose files are the same. */
  identical: string[][];
}

/** Longest result in a comparison, in characters. */
const MAX_RESULT = 600;

/** Maximum number of files in the list of common files. */
const MAX_COMMON_FILES = 100;

/** Number of worktrees that are read at the same time. */
const MAX_WORKTREES = 4;

/**
 * Returns the tasks with these names, which may be those of groups, in their actual state.
 * @throws AppError `invalid_argument` unless they are two to ten
 */
function resolveCompared(context: AppContext, names: readonly string[]): StoredTask[] {
  const tasks = new Map(
    names.flatMap((name) => resolveTasks(context, name)).map((task) => [task.record.task_id, task]),
  );
  if (tasks.size >= 2 && tasks.size <= MAX_TRIES) return [...tasks.values()];
  throw new AppError(
    "invalid_argument",
    `A comparison takes 2 to ${MAX_TRIES} tasks, not ${tasks.size}.`,
    "Name a group, or other tasks.",
  );
}

/**
 * Compares tasks: their outcome, cost, and work. What cannot be read of one task does not prevent the comparison.
 * @param names ids or topics of 2 to 10 tasks, or of groups
 * @throws AppError `unknown_task`, `invalid_argument`
 */
export async function compareTasks(context: AppContext, names: readonly string[]): Promise<TaskComparison> {
  const tasks = await Promise.all(resolveCompared(context, names).map((task) => inspect(context, task)));
  const repositories = tasks.flatMap(({ site }) => site?.repository ?? []);
  const works = await readWorks(tasks, repositories);
  const compared = tasks.map((task, index) => describe(context, task, works[index]));
  const common = listCommon(tasks, works);
  const files = common.slice(0, MAX_COMMON_FILES);
  return {
    tasks: compared,
    files_in_common: files,
    ...(common.length > files.length && { files_left_out: common.length - files.length }),
    identical: listIdentical(tasks, works),
  };
}

/** Task with its worktree. */
interface InspectedTask {
  record: TaskRecord;
  usage: Usage | undefined;
  /** Worktree; undefined if it has none. */
  site?: TaskWorktree;
  /** Reason why the worktree cannot be read. */
  problem?: string;
}

async function inspect(context: AppContext, stored: StoredTask): Promise<InspectedTask> {
  const record = await reconcile(context, stored);
  const usage = isEnded(record) ? record.usage : readRunUsage(context.config, record, stored.sessionId);
  if (record.worktree_dir === undefined) return { record, usage };
  try {
    return { record, usage, site: await getTaskWorktree(context, record.task_id) };
  } catch (error) {
    return { record, usage, problem: toFailure(error).message };
  }
}

async function readWorks(
  tasks: readonly InspectedTask[],
  repositories: readonly string[],
): Promise<(TaskChanges | undefined)[]> {
  if (repositories.length === 0) return [];
  return withTemporaryObjects(repositories, async (objects) =>
    mapLimited(tasks, MAX_WORKTREES, async ({ site }) =>
      site === undefined ? undefined : readTaskChanges(site, objects),
    ),
  );
}

function describe(context: AppContext, task: InspectedTask, work: TaskChanges | undefined): ComparedTask {
  const { record, usage, site, problem } = task;
  const { task_id, model, reasoning_effort, profile } = record;
  const merged = site === undefined ? undefined : findMerged(context.store, site.path)?.commit;
  const notes = [work?.note, problem].filter((note) => note !== undefined);
  return {
    task_id,
    status: visibleStatus(record),
    ...(model !== undefined && { model }),
    ...(reasoning_effort !== undefined && { reasoning_effort }),
    ...(profile !== undefined && { profile }),
    elapsed_seconds: elapsedSeconds(record),
    ...(usage !== undefined && { tokens: countTokens(usage) }),
    ...(work !== undefined && {
      changes: { files: work.count, insertions: work.insertions, deletions: work.deletions },
    }),
    ...(merged !== undefined && { merged }),
    ...outcomeOf(context, record),
    ...(notes.length > 0 && { note: notes.join(" ") }),
  };
}

function outcomeOf({ config }: AppContext, record: TaskRecord): Partial<ComparedTask> {
  if (!isEnded(record)) return {};
  const { check, result } = record;
  const { passed, attempts, exit_code } = check ?? {};
  return {
    ...(passed !== undefined &&
      attempts !== undefined && { check: { passed, attempts, ...(exit_code !== undefined && { exit_code }) } }),
    ...(record.status !== "completed" && { error: record.error }),
    ...(result !== undefined && {
      result: shorten(result.trim(), MAX_RESULT),
      result_file: taskPaths(config.home, record.task_id).result,
    }),
  };
}

/** Lists the files that several tasks changed, those of the most tasks first. */
function listCommon(tasks: readonly InspectedTask[], works: readonly (TaskChanges | undefined)[]): CommonFile[] {
  const changedBy = new Map<string, Set<string>>();
  for (const [index, { record }] of tasks.entries()) {
    for (const { path, from } of works[index]?.files ?? []) {
      for (const name of from === undefined ? [path] : [path, from]) {
        changedBy.set(name, (changedBy.get(name) ?? new Set()).add(record.task_id));
      }
    }
  }
  const common = [...changedBy].filter(([, ids]) => ids.size > 1);
  return common
    .map(([path, ids]) => ({ path, tasks: [...ids] }))
    .toSorted((a, b) => b.tasks.length - a.tasks.length || (a.path < b.path ? -1 : 1));
}

function listIdentical(tasks: readonly InspectedTask[], works: readonly (TaskChanges | undefined)[]): string[][] {
  const byTree = new Map<string, string[]>();
  for (const [index, { record }] of tasks.entries()) {
    const tree = works[index]?.tree;
    if (tree !== undefined) byTree.set(tree, [...(byTree.get(tree) ?? []), record.task_id]);
  }
  return [...byTree.values()].filter((ids) => ids.length > 1);
}

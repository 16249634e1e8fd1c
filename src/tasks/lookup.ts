import { nearest } from "#base/nearest.ts";
import { shorten } from "#base/text.ts";
import { AppError } from "#base/errors.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { findFolderFault, importTask } from "#store/tasks/import-tasks.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import { isTaskId, parseRunId } from "#domain/names.ts";
import { findTopic } from "#domain/topic.ts";
import type { AppContext } from "./context.ts";
import { listGroupIds } from "#store/tasks/groups.ts";
import { listTaskIds, listTopicIds } from "#store/tasks/list-tasks.ts";
import { readEarlierMeta } from "#store/tasks/meta-file.ts";
import { taskPaths } from "#store/store-paths.ts";
import type { TaskRecord } from "#domain/record.ts";
import { reconcile } from "#tasks/end/reconcile.ts";

/**
 * Returns the task with this id from the index or, if the index does not have it, from its folder. Clients with the
 * Tasks extension show their models the id of a run, so the id of the newest run is accepted too.
 * @throws AppError `unknown_task`, `task_unreadable`
 */
export function getTask(context: AppContext, id: string): StoredTask {
  const named = parseRunId(id);
  const taskId = named?.taskId ?? id;
  const task = findTaskOrImport(context, taskId);
  if (task !== undefined && (named === undefined || named.run === task.record.run)) return task;
  if (task !== undefined) throw notTheNewest(id, task);
  const fault = context.store.isNewer ? undefined : findFolderFault(context.store, taskId);
  if (fault !== undefined) {
    throw new AppError("task_unreadable", `${taskId} cannot be read: ${fault.problem}`, fault.fix);
  }
  // A task that was just being claimed is in the index now.
  const claimed = findTaskOrImport(context, taskId);
  if (claimed !== undefined && named === undefined) return claimed;
  throw unknownTask(context, taskId);
}

function notTheNewest(id: string, { record }: StoredTask): AppError {
  const hint = `Use ${record.task_id} for the newest run; files of earlier runs are in runs/ in the task's folder.`;
  return new AppError("unknown_task", `${id} is not the newest run of its task.`, hint);
}

/** Returns the task with this id as {@link getTask} finds it; undefined if there is none. */
export function findTaskOrImport({ store }: AppContext, taskId: string): StoredTask | undefined {
  if (!isTaskId(taskId)) return undefined;
  const known = findTask(store, taskId);
  if (known !== undefined) return known;
  if (!store.isNewer) importTask(store, taskId);
  return findTask(store, taskId);
}

const MAX_NAMED = 5;

/**
 * Returns the task with this id or topic; undefined if there is none.
 * @throws AppError `unknown_task` if several repositories have a task of this topic
 */
export function findNamedTask(context: AppContext, name: string): StoredTask | undefined {
  const known = findTaskOrImport(context, name);
  if (known !== undefined) return known;
  const [only, ...others] = listTopicIds(context.store, name, MAX_NAMED + 1);
  if (only !== undefined && others.length > 0) throw ambiguous(`has the topic "${name}"`, [only, ...others]);
  return findTaskOrImport(context, only ?? `codex-${name}`);
}

/**
 * Returns the task that a name means: its id, the id of its newest run, its topic, or the beginning of id or topic if only one task has it.
 * @throws AppError `unknown_task`, naming the candidates or the nearest; `task_unreadable`
 */
export function resolveTask(context: AppContext, text: string): StoredTask {
  const name = text.trim();
  const named = findNamedTask(context, name);
  if (named !== undefined) return named;
  const group = findGroup(context, name);
  if (group !== undefined) throw isGroup(group);
  const ids = [name, `codex-${name}`];
  const candidates = name === "" ? [] : ids.flatMap((prefix) => listTaskIds(context.store, prefix, MAX_NAMED + 1));
  const [only, ...others] = new Set(candidates);
  if (others.length > 0 && only !== undefined) {
    throw ambiguous(`begins with "${shorten(name, 200)}"`, [only, ...others]);
  }
  const task = only === undefined ? undefined : findTaskOrImport(context, only);
  if (task !== undefined) return task;
  // A run's id, or a folder that cannot be read.
  if (isTaskId(parseRunId(name)?.taskId ?? name)) return getTask(context, name);
  throw unknownTask(context, name);
}

/** Tries of a group, which it names. */
export interface NamedGroup {
  id: string;
  /** Ids of its tasks, by the numbers of the tries. */
  taskIds: string[];
}

/** Returns the group with this name; undefined if there is none. */
export function findGroup({ store }: AppContext, name: string): NamedGroup | undefined {
  const id = name.trim();
  if (isTaskId(id) || findTopic(id) !== undefined) return undefined;
  const taskIds = listGroupIds(store, id);
  return taskIds.length === 0 ? undefined : { id, taskIds };
}

/**
 * Returns the tasks that a name means: all tries of a group, or the one that {@link resolveTask} returns. The whole id or topic of a task,
 * and then the whole name of a group, take precedence over the beginning of a task's name.
 * @throws AppError as {@link resolveTask} does
 */
export function resolveTasks(context: AppContext, text: string): StoredTask[] {
  const group = findGroup(context, text);
  if (group === undefined) return [resolveTask(context, text)];
  return group.taskIds.flatMap((id) => findTask(context.store, id) ?? []);
}

/** Number of tasks among which the nearest name is looked for. */
const MAX_COMPARED = 500;

function unknownTask({ store }: AppContext, name: string): AppError {
  const ids = listTaskIds(store, "", MAX_COMPARED);
  const shown = shorten(name, 200);
  if (ids.length === 0) {
    return new AppError("unknown_task", `There is no task "${shown}".`, "Start a task first: there are none yet.");
  }
  const near = nearest(
    name.replace(/^codex-/i, "").toLowerCase(),
    ids.map((id) => id.replace(/^codex-/, "").toLowerCase()),
  );
  const nearId = ids.find((id) => id.toLowerCase() === `codex-${near}`);
  const hint =
    nearId === undefined ? `Use one of the newest: ${ids.slice(0, MAX_NAMED).join(", ")}.` : `Did you mean ${nearId}?`;
  return new AppError("unknown_task", `There is no task "${shown}".`, hint);
}

function ambiguous(what: string, ids: readonly string[]): AppError {
  const named = ids.slice(0, MAX_NAMED).join(", ");
  return new AppError(
    "unknown_task",
    `More than one task ${what}.`,
    `Give more of the name: ${named}${ids.length > MAX_NAMED ? ", …" : ""}.`,
  );
}

function isGroup({ id, taskIds }: NamedGroup): AppError {
  const message = `${id} is a group of ${taskIds.length} ${taskIds.length === 1 ? "try" : "tries"}, not a task.`;
  return new AppError("unknown_task", message, `Name one of them: ${taskIds.join(", ")}.`);
}

/**
 * Returns one run of a task in its actual state, even if the task has been run again since.
 * @throws AppError `unknown_task`
 */
export async function getRun(context: AppContext, taskId: string, run: number): Promise<TaskRecord> {
  const newest = getTask(context, taskId);
  if (newest.record.run === run) return reconcile(context, newest);
  const earlier = readEarlierMeta(taskPaths(context.config.home, taskId), run);
  if (earlier !== undefined) return earlier;
  throw new AppError(
    "unknown_task",
    `The task ${taskId} has no run ${run}.`,
    `Use a number from 1 to ${newest.record.run}.`,
  );
}

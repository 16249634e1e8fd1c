import { AppError } from "#base/errors.ts";
import { listTaskIds } from "#store/tasks/list-tasks.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import type { AppContext } from "./context.ts";
import { findTaskOrImport } from "./find-task.ts";

const MAX_NAMED = 5;

/**
 * Returns the task that a person names by its id, its topic, or the beginning of either if only one task has it.
 * @throws AppError `unknown_task`, naming the candidates
 */
export function resolveTask(context: AppContext, name: string): StoredTask {
  const ids = [name, `codex-${name}`];
  for (const id of ids) {
    const task = findTaskOrImport(context, id);
    if (task !== undefined) return task;
  }
  const candidates = name === "" ? [] : ids.flatMap((prefix) => listTaskIds(context.store, prefix, MAX_NAMED + 1));
  const [only, ...others] = new Set(candidates);
  const task = only === undefined || others.length > 0 ? undefined : findTaskOrImport(context, only);
  if (task !== undefined) return task;
  throw only === undefined ? unknownTask(context, name) : ambiguous(name, [only, ...others]);
}

function unknownTask({ store }: AppContext, name: string): AppError {
  const newest = listTaskIds(store, "", MAX_NAMED);
  const hint =
    newest.length === 0 ? "Start a task first: there are none yet." : `Use one of the newest: ${newest.join(", ")}.`;
  return new AppError("unknown_task", `There is no task "${name}".`, hint);
}

function ambiguous(name: string, ids: readonly string[]): AppError {
  const named = ids.slice(0, MAX_NAMED).join(", ");
  return new AppError(
    "unknown_task",
    `More than one task begins with "${name}".`,
    `Give more of the name: ${named}${ids.length > MAX_NAMED ? ", …" : ""}.`,
  );
}

import { listBranchNames } from "#git/repository/branches.ts";
import { findChanges } from "#git/changes/changes.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { listGroups } from "#store/tasks/groups.ts";
import { queryTasks } from "#store/tasks/list-tasks.ts";
import type { AppContext } from "#tasks/context.ts";
import { resolveTask } from "#tasks/lookup.ts";
import type { OptionSpec } from "./command.ts";
import { openCommandContext } from "./open-context.ts";

/** Word that may come next, with its meaning. */
export type Candidate = readonly [word: string, meaning: string];

/** Line by which the shell is asked to complete file names itself. No candidate begins with a colon. */
export const FILES = ":files";

/** Maximum number of tasks, branches or files that completion offers. */
const MAX_VALUES = 200;

/** Time in which git must answer, in milliseconds: a person is waiting for the next word. */
const GIT_DEADLINE_MS = 1000;

/**
 * Lists the values of a kind.
 * @param operands operands before, of which the first may name a task
 */
export async function listValues(
  kind: NonNullable<OptionSpec["kind"]>,
  operands: readonly string[],
  prefix: string,
): Promise<readonly Candidate[]> {
  try {
    switch (kind) {
      case "task":
        return listTasks(openCommandContext(), prefix);
      case "task or group": {
        const context = openCommandContext();
        return [...listGroupNames(context), ...listTasks(context, prefix)];
      }
      case "branch":
        return await listBranches(operands);
      case "file":
      case "folder":
        return [[FILES, ""]];
    }
  } catch {
    return []; // The command itself reports the error.
  }
}

/** Lists tasks by their ids and, once a word is begun, also by their topics. */
function listTasks({ store }: AppContext, prefix: string): readonly Candidate[] {
  return queryTasks(store, { limit: MAX_VALUES }).flatMap(({ task_id, topic, status, cwd }): Candidate[] => {
    const meaning = `${status}, ${cwd}`;
    // A topic names this task only if no other repository has a task of the topic.
    const isNamed = prefix !== "" && task_id === `codex-${topic}`;
    return isNamed
      ? [
          [task_id, meaning],
          [topic, meaning],
        ]
      : [[task_id, meaning]];
  });
}

function listGroupNames({ store }: AppContext): readonly Candidate[] {
  return listGroups(store, MAX_VALUES).map(({ id, tasks }) => [id, `group of ${tasks}`]);
}

async function listBranches([name]: readonly string[]): Promise<readonly Candidate[]> {
  const folder = name === undefined ? process.cwd() : resolveTask(openCommandContext(), name).record.workspace;
  const branches = await listBranchNames(folder, MAX_VALUES, { deadlineMs: GIT_DEADLINE_MS });
  return branches.map((branch) => [branch, ""]);
}

/** Lists the files that a task changed, without those that are named already. */
export async function listChangedFiles([name = "", ...named]: readonly string[]): Promise<readonly Candidate[]> {
  try {
    const context = openCommandContext();
    const { record } = resolveTask(context, name);
    const files = await readChangedFiles(context, record.task_id);
    return files.filter((file) => !named.includes(file)).map((file) => [file, ""]);
  } catch {
    return [];
  }
}

async function readChangedFiles({ store }: AppContext, taskId: string): Promise<readonly string[]> {
  const record = findTask(store, taskId)?.record;
  if (record === undefined) return [];
  if ("files_changed" in record && record.files_changed !== undefined) return record.files_changed;
  const { worktree_dir, base_commit } = record;
  if (worktree_dir === undefined || base_commit === undefined) return [];
  const found = await findChanges(worktree_dir, base_commit, { signal: AbortSignal.timeout(GIT_DEADLINE_MS) });
  return found.changes.files_changed ?? [];
}

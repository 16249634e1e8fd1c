import type { PageAction } from "#board/api/task.ts";
import { pathExists } from "#base/paths.ts";
import type { TaskMessage } from "#domain/message.ts";
import { isEnded, openQuestions, type TaskRecord } from "#domain/record.ts";
import { listSalvage } from "#git/salvage/list-salvage.ts";
import { findWorktreeBase } from "#store/worktree-base.ts";
import type { AppContext } from "#tasks/context.ts";

/** Returns the actions that a task allows in its state. An action may still be refused: others change the task, too. */
export async function listAllowedActions(context: AppContext, task: TaskRecord): Promise<PageAction[]> {
  const actions: PageAction[] = [];
  if (!isEnded(task)) {
    actions.push("send", "cancel");
    if (openQuestions(task).length > 0) actions.push("answer");
  } else if ((task.session_id ?? task.resumes) !== undefined) actions.push("resume");
  const { worktree_dir } = task;
  if (worktree_dir === undefined) return actions;
  const hasWorktree = pathExists(worktree_dir);
  if (hasWorktree) actions.push("open");
  if (isEnded(task)) actions.push(...(await listWorkActions(context, task, worktree_dir, hasWorktree)));
  return actions;
}

/** Returns the actions on the work of a task that has ended. */
async function listWorkActions(
  { store }: AppContext,
  task: TaskRecord,
  worktree: string,
  hasWorktree: boolean,
): Promise<PageAction[]> {
  const base = findWorktreeBase(store, worktree);
  if (!hasWorktree) return (await isKept(task)) ? ["restore"] : [];
  const hasTarget = (base === undefined ? task.base_branch : base.base_branch) !== undefined;
  return [...(hasTarget ? (["merge"] as const) : []), ...(base?.made_here === true ? (["discard"] as const) : [])];
}

async function isKept({ workspace, agent_branch }: TaskRecord): Promise<boolean> {
  if (agent_branch === undefined || !pathExists(workspace)) return false;
  return listSalvage(workspace, agent_branch).then(
    ({ length }) => length > 0,
    () => false,
  );
}

/** Returns the moments at which a message can reach a task, the usual one first. */
export function listMessageTimes(task: TaskRecord): TaskMessage["when"][] {
  if (isEnded(task)) return ["now"];
  if (task.status === "queued") return ["now", "after"];
  return task.engine === "app-server" ? ["now", "after", "instead"] : ["after"];
}

import { AppError } from "#base/errors.ts";
import type { TaskGroup } from "#domain/group.ts";
import { taskIdOf } from "#domain/names.ts";
import type { TaskRecord } from "#domain/record.ts";
import { claimTask, type GrantedClaim } from "#store/tasks/claim-task.ts";
import { isGroupNameTaken } from "#store/tasks/groups.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import type { AppContext } from "#tasks/context.ts";
import { buildTask } from "./build-task.ts";
import type { CheckedRequest } from "./request/check-request.ts";
import type { TaskWorkspace } from "./plan-workspace.ts";

/** Request that can be carried out, and where. */
export interface CheckedStart {
  checked: CheckedRequest;
  place: TaskWorkspace;
}

/** Granted claim with what was checked for it. */
export type ClaimedStart = CheckedStart & GrantedClaim;

/** Claims the topic of a checked request. @throws AppError `task_running`, `worktree_busy`, `session_busy` */
export async function claimChecked(context: AppContext, start: CheckedStart): Promise<ClaimedStart> {
  return { ...start, ...(await claim(context, start.checked, start.place)) };
}

async function claim(context: AppContext, request: CheckedRequest, place: TaskWorkspace): Promise<GrantedClaim> {
  const { parsedTopic } = request;
  const suffix = Bun.hash(place.workspace).toString(36).slice(0, 6);
  for (;;) {
    const result = claimTask(context.store, {
      workspace: place.workspace,
      worktreeDir: place.plan?.path,
      sessionId: request.sessionId,
      taskIds: [taskIdOf(parsedTopic), taskIdOf(parsedTopic, suffix)],
      build: (taskId, run) => {
        if (request.group?.number === 1) checkGroupName(context, request.group);
        return buildTask(context, request, place, taskId, run);
      },
    });
    if ("granted" in result) return result;
    // The other task may only seem to be running: its supervisor may have died.
    const other = await reconcile(context, result.refusedBy);
    if (other.status === "queued" || other.status === "running") throw refusal(other, result.because);
  }
}

/** Checks, within the claim's transaction, that no other group has taken the name. @throws AppError `task_running` */
function checkGroupName({ store }: AppContext, { id }: TaskGroup): void {
  if (!isGroupNameTaken(store, id)) return;
  throw new AppError("task_running", `The group ${id} exists already.`, "Use another topic.");
}

function refusal(other: TaskRecord, because: "topic" | "worktree" | "session"): AppError {
  const hint = `Wait for it (codex_status with task_id "${other.task_id}") or stop it (codex_cancel)`;
  if (because === "session") {
    return new AppError("session_busy", `The task ${other.task_id} is using this Codex session.`, `${hint}.`);
  }
  return because === "topic"
    ? new AppError("task_running", `The topic ${other.topic} is already running as ${other.task_id}.`, `${hint}.`)
    : new AppError(
        "worktree_busy",
        `The task ${other.task_id} is using the worktree ${other.worktree_dir}.`,
        `${hint}; or use another description to work in parallel.`,
      );
}

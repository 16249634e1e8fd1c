import type { FailedTask } from "#task/record.ts";

/** How a cancelled task says why it has no result. */
export function cancelledFailure(): Pick<FailedTask, "error" | "code" | "hint"> {
  return {
    error: "The task was cancelled.",
    code: "cancelled",
    hint: "Its files, worktree and branch are kept; run its session_id under the next version of the topic to go on.",
  };
}

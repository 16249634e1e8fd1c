import { readPatch } from "#git/changes/changes.ts";
import { findWorktreeGitDir } from "#git/worktree/worktree-link.ts";
import { AppError } from "#base/errors.ts";
import { readOptionalText } from "#platform/files/read-file.ts";
import { readLastLines } from "#platform/files/json-lines.ts";
import { taskPaths } from "#store/store-paths.ts";
import { isEnded, type TaskRecord } from "#domain/record.ts";
import type { AppContext } from "#tasks/context.ts";
import { getTask } from "#tasks/lookup.ts";
import { readRecentEvents } from "./read-progress.ts";
import { reconcile } from "#tasks/end/reconcile.ts";

/** Parts of a task that can be read separately. */
export const TASK_PARTS = ["result", "log", "events", "prompt", "diff"] as const;

/** One of {@link TASK_PARTS}. */
export type TaskPart = (typeof TASK_PARTS)[number];

/** Largest part of a log or a diff that is read, in bytes. */
const MAX_PART_BYTES = 1024 * 1024;

/**
 * Returns one part of a task as text: the whole result or prompt, the end of the log or events, the beginning of the
 * diff.
 * @throws AppError `unknown_task`; `nothing_to_read` if the task has no such part
 */
export async function readTaskPart(context: AppContext, taskId: string, part: TaskPart): Promise<string> {
  const task = await reconcile(context, getTask(context, taskId));
  switch (part) {
    case "result":
      return readResult(context, task);
    case "log":
      return readLastLines(task.log_file, MAX_PART_BYTES)
        .lines.map((line) => `${line}\n`)
        .join("");
    case "events":
      return readRecentEvents(task.log_file, MAX_PART_BYTES)
        .map(({ type, text }) => `${type}: ${text}\n`)
        .join("");
    case "prompt":
      return (
        readOptionalText(task.prompt_file) ??
        missing(task, "prompt", "Look for the prompt in the client's history: it is gone from the task's folder.")
      );
    case "diff":
      return readDiff(task);
  }
}

function readResult({ config }: AppContext, task: TaskRecord): string {
  if (!isEnded(task)) return missing(task, "result", "Call codex_wait to wait for it.");
  const result = readOptionalText(taskPaths(config.home, task.task_id).result) ?? task.result;
  if (task.status === "completed") return result ?? "";
  return [`${task.error} (${task.code})`, task.hint, result].filter(Boolean).join("\n\n");
}

async function readDiff(task: TaskRecord): Promise<string> {
  const { worktree_dir, workspace, base_commit } = task;
  if (worktree_dir === undefined || base_commit === undefined) {
    return missing(
      task,
      "diff",
      "Read its result instead: only tasks that change files in a git repository have a worktree.",
    );
  }
  const gitDir = await findWorktreeGitDir(worktree_dir, workspace);
  if (gitDir === undefined) return missing(task, "diff", `Restore its worktree ${worktree_dir} with codex_discard.`);
  return readPatch(worktree_dir, base_commit, MAX_PART_BYTES);
}

function missing(task: TaskRecord, part: TaskPart, hint: string): never {
  throw new AppError("nothing_to_read", `The task ${task.task_id} (${task.status}) has no ${part}.`, hint);
}

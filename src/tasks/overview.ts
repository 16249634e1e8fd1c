import { basename, dirname } from "node:path";
import { readRunUsage } from "./session-usage.ts";
import { toFailure } from "#base/errors.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import type { StoredTask } from "#store/tasks/task-row.ts";
import type { Usage } from "#domain/usage.ts";
import { isEnded, openQuestions, type TaskRecord } from "#domain/record.ts";
import { describeQuotaWaitOf } from "#domain/waiting.ts";
import type { AppContext } from "./context.ts";
import { describeTaskLine, type ListRequest, listTasks, type TaskLine, type TaskPage } from "./list-tasks.ts";
import { describeProgress } from "#tasks/follow/read-progress.ts";
import { describeUnresponsive } from "#tasks/end/task-life.ts";

/** Task in a person's list: the line of `codex_status` and what the task is doing. */
export interface TaskOverview extends TaskLine {
  /** Path of the repository or folder that it belongs to. */
  repository: string;
  /** Tokens that this run has used so far. */
  usage?: Usage;
  last_event_at?: string;
  /** Codex's last action, or the reason why the task failed. */
  activity?: string;
  stalled?: string;
  /** Whether it asks something, or what else it waits for. */
  waits_for?: "answer" | "quota";
}

/** Returns a page of the list for people, newest first. */
export async function listOverview(
  context: AppContext,
  request: ListRequest,
): Promise<Omit<TaskPage, "tasks"> & { tasks: TaskOverview[] }> {
  const page = await listTasks(context, request);
  return { ...page, tasks: page.tasks.map((line) => withDescription(context, line)) };
}

/** Returns the lines for people of some tasks. */
export async function describeTasks(context: AppContext, tasks: readonly StoredTask[]): Promise<TaskOverview[]> {
  const lines: TaskOverview[] = [];
  for (const task of tasks) lines.push(withDescription(context, await describeTaskLine(context, task)));
  return lines;
}

function withDescription(context: AppContext, line: TaskLine): TaskOverview {
  try {
    return { ...line, repository: line.cwd, ...describeTask(context, line.task_id) };
  } catch (error) {
    // A fault of one task does not prevent the others from being shown.
    return { ...line, repository: line.cwd, activity: toFailure(error).message };
  }
}

/** Returns what a task is doing, or its outcome. */
function describeTask(context: AppContext, taskId: string): Partial<TaskOverview> {
  const stored = findTask(context.store, taskId);
  if (stored === undefined) return {};
  const { record } = stored;
  const repository = repositoryOf(record.workspace);
  if (!isEnded(record)) return { repository, ...describeUnfinished(context, stored, record) };
  const activity = record.status === "completed" ? record.result : record.error;
  return {
    repository,
    last_event_at: record.end_time,
    ...(record.usage !== undefined && { usage: record.usage }),
    ...(activity !== undefined && { activity }),
  };
}

/** Returns the path by which people know a repository: its working tree, if the common git folder is within one. */
export function repositoryOf(workspace: string): string {
  return basename(workspace) === ".git" ? dirname(workspace) : workspace;
}

function describeUnfinished(context: AppContext, stored: StoredTask, task: TaskRecord): Partial<TaskOverview> {
  const quota = describeQuotaWaitOf(task);
  const isAsking = openQuestions(task).length > 0;
  const waiting = {
    ...(quota !== undefined && { stalled: quota, waits_for: "quota" as const }),
    ...(isAsking && { waits_for: "answer" as const }),
  };
  if (task.status === "queued") return waiting;
  const { recent_events, last_event_at, stalled: silent } = describeProgress(task.log_file, undefined);
  const stalled = describeUnresponsive(context, stored) ?? silent;
  const activity = recent_events.at(-1)?.text;
  const usage = readRunUsage(context.config, task, stored.sessionId);
  return {
    ...(usage !== undefined && { usage }),
    ...(last_event_at !== undefined && { last_event_at }),
    ...(activity !== undefined && { activity }),
    ...(stalled !== undefined && { stalled }),
    ...waiting,
  };
}

import { readSessionUsage } from "#codex/run/session-file.ts";
import { readUsageAtFork } from "#codex/run/session-lineage.ts";
import { ownUsage } from "#codex/run/run-state.ts";
import type { Config } from "#base/config.ts";
import type { Usage } from "#domain/usage.ts";
import type { TaskRecord } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";

/** Returns the tokens of a task's session so far, from Codex's own record: events report them only at the end of a turn. */
export function readSessionUsageOf(config: Config, task: TaskRecord, sessionId: string | undefined): Usage | undefined {
  if (sessionId === undefined) return undefined;
  return readSessionUsage(homesOf(config, task), sessionId);
}

/** Returns the tokens that a running task has used so far. */
export function readRunUsage(config: Config, task: TaskRecord, sessionId: string | undefined): Usage | undefined {
  const used = readSessionUsageOf(config, task, sessionId);
  return used === undefined ? undefined : ownUsage(used, readUsageBefore(config, task, sessionId));
}

/**
 * Returns the tokens that a task's session had used before its run. Those of a fork are known when Codex has copied the session: the other
 * task may have continued between the start of the run and that.
 */
export function readUsageBefore(config: Config, task: TaskRecord, sessionId: string | undefined): Usage | undefined {
  if (task.forks_session === undefined || sessionId === undefined) return task.usage_before;
  return readUsageAtFork(homesOf(config, task), sessionId) ?? task.usage_before;
}

/** Returns the folders that may have a task's session: under the read-only fallback, the run has its own CODEX_HOME. */
function homesOf(config: Config, task: TaskRecord): string[] {
  return [taskPaths(config.home, task.task_id).codexHome, config.codexHome];
}

import { readSessionUsage } from "#codex/run/session-file.ts";
import { ownUsage } from "#codex/run/run-state.ts";
import type { Config } from "#base/config.ts";
import type { Usage } from "#domain/usage.ts";
import type { TaskRecord } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";

/** Returns the tokens of a task's session so far, from Codex's own record: events report them only at the end of a turn. */
export function readSessionUsageOf(config: Config, task: TaskRecord, sessionId: string | undefined): Usage | undefined {
  if (sessionId === undefined) return undefined;
  // Under the read-only fallback, the run has its own CODEX_HOME.
  return readSessionUsage([taskPaths(config.home, task.task_id).codexHome, config.codexHome], sessionId);
}

/** Returns the tokens that a running task has used so far. */
export function readRunUsage(config: Config, task: TaskRecord, sessionId: string | undefined): Usage | undefined {
  const used = readSessionUsageOf(config, task, sessionId);
  return used === undefined ? undefined : ownUsage(used, task.usage_before);
}

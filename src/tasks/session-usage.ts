import { readUsageAtFork } from "#codex/run/session-lineage.ts";
import { readSessionTokens, readSessionTotal, type SessionTokens } from "#codex/run/session-tokens.ts";
import { ownUsage, type RunState } from "#codex/run/run-state.ts";
import type { Config } from "#base/config.ts";
import { logger } from "#base/log.ts";
import { laterUsage, type Usage } from "#domain/usage.ts";
import type { EndedTask, QueuedTask, RunFacts, TaskRecord } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";
import { findLastSessionUsage } from "#store/tasks/list-tasks.ts";
import { recordTokenUse } from "#store/token-use.ts";
import type { AppContext } from "./context.ts";

/**
 * Returns the tokens of a task's session after each of its last answers, oldest first, from Codex's own record: events report them only at
 * the end of a turn, or when commands have ended.
 */
export function readSessionTokensOf(config: Config, task: TaskRecord, sessionId: string | undefined): SessionTokens[] {
  if (sessionId === undefined) return [];
  return readSessionTokens(homesOf(config, task), sessionId, Date.parse(task.running_since ?? task.start_time));
}

/** Returns the tokens that a running task has used so far. */
export function readRunUsage(config: Config, task: TaskRecord, sessionId: string | undefined): Usage | undefined {
  const used = readSessionTokensOf(config, task, sessionId).at(-1)?.usage;
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

/** Returns the tokens of a run that has ended. Its last event has them only if it ended with a completed turn. */
export function readEndUsage(
  config: Config,
  task: TaskRecord,
  { terminal, sessionUsage }: Pick<RunState, "terminal" | "sessionUsage">,
  sessionId: string | undefined,
): Pick<RunFacts, "usage" | "session_usage"> {
  const isKnown = terminal?.kind === "completed" && sessionUsage !== undefined;
  const recorded = isKnown ? undefined : readSessionTokensOf(config, task, sessionId).at(-1);
  const usage = laterUsage(sessionUsage, recorded?.usage);
  const total = laterUsage(sessionUsage, recorded?.total);
  return {
    ...(usage !== undefined && { usage: ownUsage(usage, readUsageBefore(config, task, sessionId)) }),
    ...(total !== undefined && { session_usage: total }),
  };
}

/** Records the tokens of a run that has ended for the day. A failure changes nothing. */
export function recordUsage({ store }: AppContext, task: EndedTask): void {
  if (task.usage === undefined) return;
  try {
    recordTokenUse(store, task, task.usage);
  } catch (error) {
    logger("app").warn`the tokens of ${task.task_id} do not count for the day: ${String(error)}`;
  }
}

/** Returns the tokens that a resumed or copied session had used before this run, from Codex's record or from the index. */
export function readUsageAtStart({ config, store }: AppContext, task: QueuedTask): Usage | undefined {
  const session = task.resumes ?? task.forks_session;
  if (session === undefined) return undefined;
  return readSessionTotal([config.codexHome], session) ?? findLastSessionUsage(store, session);
}

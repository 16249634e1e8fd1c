import { readSessionTokens, type SessionTokens } from "#codex/run/session-tokens.ts";
import { ownUsage, type RunState } from "#codex/run/run-state.ts";
import type { Config } from "#base/config.ts";
import { logger } from "#base/log.ts";
import { laterUsage, type Usage } from "#domain/usage.ts";
import type { EndedTask, RunFacts, TaskRecord } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";
import { recordTokenUse } from "#store/token-use.ts";
import type { AppContext } from "./context.ts";

/**
 * Returns the tokens of a task's session after each of its last answers, oldest first, from Codex's own record: events report them only at
 * the end of a turn, or when commands have ended.
 */
export function readSessionTokensOf(config: Config, task: TaskRecord, sessionId: string | undefined): SessionTokens[] {
  if (sessionId === undefined) return [];
  // Under the read-only fallback, the run has its own CODEX_HOME.
  const codexHomes = [taskPaths(config.home, task.task_id).codexHome, config.codexHome];
  return readSessionTokens(codexHomes, sessionId, Date.parse(task.running_since ?? task.start_time));
}

/** Returns the tokens that a running task has used so far. */
export function readRunUsage(config: Config, task: TaskRecord, sessionId: string | undefined): Usage | undefined {
  const used = readSessionTokensOf(config, task, sessionId).at(-1)?.usage;
  return used === undefined ? undefined : ownUsage(used, task.usage_before);
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
    ...(usage !== undefined && { usage: ownUsage(usage, task.usage_before) }),
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

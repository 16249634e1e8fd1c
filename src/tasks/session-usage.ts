import { readSessionUsage, readTokenCounts, type TokenCount } from "#codex/run/session-file.ts";
import { ownUsage, type RunState } from "#codex/run/run-state.ts";
import type { Config } from "#base/config.ts";
import { logger } from "#base/log.ts";
import { laterUsage, type Usage } from "#domain/usage.ts";
import type { EndedTask, RunFacts, TaskRecord } from "#domain/record.ts";
import { taskPaths } from "#store/store-paths.ts";
import { recordTokenUse } from "#store/token-use.ts";
import type { AppContext } from "./context.ts";

/** Returns the tokens of a task's session so far, from Codex's own record: events report them only at the end of a turn. */
function readSessionUsageOf(config: Config, task: TaskRecord, sessionId: string | undefined): Usage | undefined {
  return sessionId === undefined ? undefined : readSessionUsage(codexHomesOf(config, task), sessionId);
}

/** Returns the folders in which the record of a task's session may be: under the read-only fallback, the run has its own CODEX_HOME. */
function codexHomesOf(config: Config, task: TaskRecord): string[] {
  return [taskPaths(config.home, task.task_id).codexHome, config.codexHome];
}

/** Number of token counts that are read at once. */
const MAX_COUNTS = 10;

/** Returns the last token counts of a task's session, the newest last: events report them only at the end of a turn. */
export function readTokenCountsOf(config: Config, task: TaskRecord, sessionId: string | undefined): TokenCount[] {
  return sessionId === undefined ? [] : readTokenCounts(codexHomesOf(config, task), sessionId, MAX_COUNTS);
}

/** Returns the tokens that a running task has used so far. */
export function readRunUsage(config: Config, task: TaskRecord, sessionId: string | undefined): Usage | undefined {
  const used = readSessionUsageOf(config, task, sessionId);
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
  const session = isKnown ? sessionUsage : laterUsage(sessionUsage, readSessionUsageOf(config, task, sessionId));
  return session === undefined ? {} : { usage: ownUsage(session, task.usage_before), session_usage: session };
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

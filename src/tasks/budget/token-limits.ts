import type { Config } from "#base/config.ts";
import { AppError, type Failure } from "#base/errors.ts";
import { logger } from "#base/log.ts";
import { formatNumber } from "#base/text.ts";
import { localDay, localTimeOfDay } from "#platform/clock.ts";
import type { RunFacts, RunningTask, TaskRecord } from "#domain/record.ts";
import { countTokens, type Usage } from "#domain/usage.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { countTokensOfDay, recordTokenUse } from "#store/token-use.ts";
import type { AppContext } from "#tasks/context.ts";
import { readRunUsage } from "#tasks/session-usage.ts";

/** Returns the failure of a run that has used the tokens of its own limit; undefined if it has not. */
export function reachedRunLimit({ max_tokens }: TaskRecord, usage: Usage | undefined): Failure | undefined {
  if (max_tokens === undefined || usage === undefined || countTokens(usage) < max_tokens) return undefined;
  return {
    code: "budget",
    message: describeRunLimit(countTokens(usage), max_tokens),
    hint: "Call codex with resume to continue the task, with another max_tokens if it needs a limit.",
  };
}

/** Says in a note that a completed task has used more tokens than it was allowed; undefined if it has not. */
export function noteExceededLimit(task: TaskRecord): string | undefined {
  const used = task.status === "completed" && task.usage !== undefined ? countTokens(task.usage) : 0;
  const { max_tokens: limit } = task;
  return limit === undefined || used <= limit ? undefined : describeRunLimit(used, limit);
}

function describeRunLimit(used: number, limit: number): string {
  return `The run used ${formatNumber(used)} of its ${formatNumber(limit)} tokens (max_tokens).`;
}

/** Tokens of today, and the limit for a day. */
export interface DayUse {
  used: number;
  limit: number;
}

/** Returns the tokens that all tasks of the state folder have used today; undefined if a day has no limit. */
export function readDayUse({ config, store }: AppContext): DayUse | undefined {
  const { tokensPerDay: limit } = config;
  return limit === 0 ? undefined : { used: countTokensOfDay(store), limit };
}

/** Says how many tokens of today are used. */
export function describeDayUse({ used, limit }: DayUse): string {
  return `${formatNumber(used)} of today's ${formatNumber(limit)} tokens are used (CODEXMCP_TOKENS_PER_DAY).`;
}

/** Returns the failure of a task if the tokens of the day are used; undefined if they are not. */
export function reachedDayLimit(context: AppContext): Failure | undefined {
  const day = readDayUse(context);
  if (day === undefined || day.used < day.limit) return undefined;
  return {
    code: "budget",
    message: describeDayUse(day),
    hint: `Call codex with resume to continue the task when the day has ended (${nextDay()}), or raise CODEXMCP_TOKENS_PER_DAY.`,
  };
}

/** Refuses a new task if the tokens of the day are used. @throws AppError `budget` */
export function checkDayLimit(context: AppContext): void {
  const reached = reachedDayLimit(context);
  if (reached === undefined) return;
  const hint = `Start the task when the day has ended (${nextDay()}), or raise CODEXMCP_TOKENS_PER_DAY.`;
  throw new AppError("budget", reached.message, hint);
}

/** Returns when the day ends, as people write it, with the difference to UTC: the reader's time zone may be another. */
function nextDay(now = new Date()): string {
  const next = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  const minutes = -next.getTimezoneOffset();
  const two = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, "0");
  const zone = `UTC${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
  return `${localDay(next)} ${localTimeOfDay(next)} ${zone}`;
}

/** Returns the tokens that a run of which events may not have reported all has used so far, and records them. */
function readOwnUse(context: AppContext, task: RunningTask): Usage | undefined {
  const usage = readRunUsage(context.config, task, findTask(context.store, task.task_id)?.sessionId);
  if (usage !== undefined) recordTokenUse(context.store, task, usage);
  return usage;
}

/**
 * Returns the failure of a run whose tokens are used in place of one that a further turn could have avoided: a goal that Codex still
 * pursued, or a quota that could have been waited for. Which of both is seen first is chance.
 */
export function preferTokenLimit(
  context: AppContext,
  task: RunningTask,
  failure: Failure | undefined,
  { usage, goal_state }: Pick<RunFacts, "usage" | "goal_state">,
): Failure | undefined {
  const isOpen =
    failure?.code === "rate_limited" || (failure?.code === "goal_not_reached" && goal_state?.status === "active");
  return (isOpen ? findUsedLimit(context, task, () => usage) : undefined) ?? failure;
}

/** Returns whether a run may not have a further turn, because its tokens, or those of the day, are used. */
export function isBudgetUsed(context: AppContext, task: RunningTask): boolean {
  return findUsedLimit(context, task, () => readOwnUse(context, task)) !== undefined;
}

/** Returns the limit of tokens that a run has reached, its own or that of the day; undefined if it has none, or the index cannot be read. */
function findUsedLimit(
  context: AppContext,
  task: RunningTask,
  readUsage: () => Usage | undefined,
): Failure | undefined {
  if (!hasLimit(context.config, task)) return undefined;
  try {
    return reachedRunLimit(task, readUsage()) ?? reachedDayLimit(context);
  } catch (error) {
    logger("tasks").warn`the tokens of ${task.task_id} cannot be compared with its limit: ${String(error)}`;
    return undefined;
  }
}

/** Returns whether the tokens of a run are limited. */
export function hasLimit({ tokensPerDay }: Config, { max_tokens }: TaskRecord): boolean {
  return tokensPerDay > 0 || max_tokens !== undefined;
}

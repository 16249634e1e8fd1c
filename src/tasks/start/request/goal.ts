import { AppError } from "#base/errors.ts";
import type { Goal } from "#domain/goal.ts";

/** Goal of a request, as the caller gives it. */
export interface GoalRequest {
  /** Objective that Codex pursues turn after turn. */
  goal?: string | undefined;
  /** Number of tokens that the goal may take. */
  goalTokens?: number | undefined;
}

/** Maximum length of a goal in characters, as Codex has it (0.169). */
const MAX_GOAL = 4000;

/**
 * Checks the goal of a request.
 * @throws AppError `invalid_argument`
 */
export function checkGoal({ goal, goalTokens }: GoalRequest): void {
  if (goalTokens !== undefined && !goal?.trim()) {
    throw new AppError("invalid_argument", "A budget of tokens needs a goal.", "Say the goal, or omit goal_tokens.");
  }
  if (goal === undefined || goal.length <= MAX_GOAL) return;
  const message = `goal has more than ${MAX_GOAL} characters.`;
  throw new AppError("invalid_argument", message, "Shorten it; the prompt has room for details.");
}

/** Returns the field of a record for the goal of a request; an empty object if it has none. */
export function goalOf({ goal, goalTokens }: GoalRequest): { goal?: Goal } {
  const objective = goal?.trim();
  if (!objective) return {};
  return { goal: { objective, ...(goalTokens !== undefined && { token_budget: goalTokens }) } };
}

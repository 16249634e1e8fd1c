/** Goal of a run: Codex continues, turn after turn, until it is reached or its tokens are used. */
export interface Goal {
  objective: string;
  /** Number of tokens that it may take; absent: any. */
  token_budget?: number;
}

/** State of a run's goal, in Codex's words. */
export interface GoalState {
  /** `active`, `complete`, `blocked`, `budgetLimited`, `usageLimited` or `paused`. */
  status: string;
  tokens_used: number;
}

/** Returns why a goal was not reached, as the end of a sentence; undefined if it was. */
export function describeMissedGoal({ token_budget }: Goal, state: GoalState | undefined): string | undefined {
  if (state === undefined) return "Codex never reported its state";
  switch (state.status) {
    case "complete":
      return undefined;
    case "budgetLimited":
      return `its budget of ${token_budget ?? 0} tokens is used (${state.tokens_used})`;
    case "usageLimited":
      return "the account's usage limit was reached";
    case "blocked":
      return "Codex reports that it is blocked; its last message says by what";
    default:
      return `Codex left it ${state.status}`;
  }
}

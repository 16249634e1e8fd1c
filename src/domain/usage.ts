/** Token counts reported by Codex. */
export interface Usage {
  input_tokens: number;
  cached_input_tokens: number;
  output_tokens: number;
  reasoning_output_tokens: number;
}

/** Returns the number of tokens that count towards a budget, as Codex counts those of its goals: input that was not cached, and output. */
export function countTokens({ input_tokens, cached_input_tokens, output_tokens }: Usage): number {
  return Math.max(0, input_tokens - cached_input_tokens) + Math.max(0, output_tokens);
}

/** Returns the later of two counts of one session, which only grow; undefined if there is none. */
export function laterUsage(a: Usage | undefined, b: Usage | undefined): Usage | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.input_tokens + b.output_tokens > a.input_tokens + a.output_tokens ? b : a;
}

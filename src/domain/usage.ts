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

/** Returns the sum of two counts. */
export function addUsage(a: Usage, b: Usage): Usage {
  return combine(a, b, (one, other) => one + other);
}

/** Returns the difference of two counts, at least 0 of each kind. */
export function subtractUsage(from: Usage, part: Usage): Usage {
  return combine(from, part, (whole, less) => Math.max(0, whole - less));
}

function combine(a: Usage, b: Usage, operate: (a: number, b: number) => number): Usage {
  return {
    input_tokens: operate(a.input_tokens, b.input_tokens),
    cached_input_tokens: operate(a.cached_input_tokens, b.cached_input_tokens),
    output_tokens: operate(a.output_tokens, b.output_tokens),
    reasoning_output_tokens: operate(a.reasoning_output_tokens, b.reasoning_output_tokens),
  };
}

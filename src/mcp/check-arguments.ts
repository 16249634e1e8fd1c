import { AppError } from "#base/errors.ts";
import { shorten } from "#base/text.ts";

const MAX_DEPTH = 64;
const MAX_VALUES = 20_000;

/**
 * Checks the shape of a tool's arguments before their content: depth, number of values, and characters that no path,
 * name or text may contain. Does not recurse.
 * @throws AppError `invalid_argument` naming the parameter
 */
export function checkArguments(tool: string, args: unknown): void {
  if (typeof args !== "object" || args === null) return;
  let values = 0;
  for (const [parameter, top] of Object.entries(args)) {
    if (hasNul(parameter)) throw refuse(tool, "one", "has a name with a NUL character");
    const left: [value: unknown, depth: number][] = [[top, 1]];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [value, depth] = next;
      if (++values > MAX_VALUES) throw refuse(tool, parameter, `holds more than ${MAX_VALUES} values`);
      if (hasNul(value)) throw refuse(tool, parameter, "contains a NUL character");
      if (typeof value !== "object" || value === null) continue;
      if (depth > MAX_DEPTH) throw refuse(tool, parameter, `is nested deeper than ${MAX_DEPTH} levels`);
      for (const [key, below] of Object.entries(value)) {
        if (hasNul(key)) throw refuse(tool, parameter, "contains a NUL character");
        left.push([below, depth + 1]);
      }
    }
  }
}

function hasNul(value: unknown): boolean {
  return typeof value === "string" && value.includes("\0");
}

function refuse(tool: string, parameter: string, what: string): AppError {
  return new AppError(
    "invalid_argument",
    `${tool} was called with invalid arguments: ${shorten(parameter, 60)} ${what}.`,
    "Correct it, and call again.",
  );
}

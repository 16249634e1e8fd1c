import { AppError } from "#base/errors.ts";
import { parseDuration } from "#cli/terminal/quantities.ts";

/**
 * Returns the whole number given to an option; undefined if the option was not given.
 * @throws AppError `invalid_argument`
 */
export function readCount(option: string, text: string | undefined, from = 1): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(count) && count >= from) return count;
  throw wrongValue(option, text, `a whole number from ${from}`, "20");
}

/**
 * Returns the duration given to an option, in seconds; undefined if the option was not given.
 * @throws AppError `invalid_argument`
 */
export function readDuration(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds;
  throw wrongValue(option, text, "a duration", "90s, 15m, 12h, 7d, 2w");
}

function wrongValue(option: string, text: string, wanted: string, example: string): AppError {
  return new AppError("invalid_argument", `${option} takes ${wanted}; it is "${text}".`, `For example: ${example}`);
}

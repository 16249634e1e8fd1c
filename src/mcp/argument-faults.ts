import { type z, ZodDefault, ZodOptional } from "zod";
import { AppError } from "#base/errors.ts";
import { shorten } from "#base/text.ts";

/** Largest number of faults that a message names. A client may send any number of faults, of any length. */
const MAX_FAULTS = 5;
/** Longest name or value that a message repeats, in characters. */
export const MAX_SHOWN = 100;

const TYPE_NAMES: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  record: "an object",
  object: "an object",
};

/** Describes a fault of the schema library in plain words. */
export function describeIssue(issue: z.core.$ZodIssue, args: Record<string, unknown>): string {
  const name = shorten(issue.path.join("."), MAX_SHOWN);
  const value = issue.path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
    args,
  );
  if (value === undefined && issue.code !== "unrecognized_keys") return `${name} is missing`;
  const shown = shorten(JSON.stringify(value) ?? String(value), MAX_SHOWN);
  switch (issue.code) {
    case "invalid_type":
      return `${name} must be ${TYPE_NAMES[issue.expected] ?? issue.expected}, not ${shown}`;
    case "invalid_value":
      return `${name} must be one of ${issue.values.join(", ")}, not ${shown}`;
    case "too_small":
      return `${name} must ${isCounted(issue.origin) ? "have" : "be"} at least ${issue.minimum}${entries(issue.origin, issue.minimum)}`;
    case "too_big":
      return `${name} must ${isCounted(issue.origin) ? "have" : "be"} at most ${issue.maximum}${entries(issue.origin, issue.maximum)}`;
    default:
      return `${name} cannot be ${shown}: ${issue.message}`;
  }
}

function isCounted(origin: string): boolean {
  return origin === "array" || origin === "string" || origin === "set";
}

function entries(origin: string, limit: number | bigint): string {
  if (!isCounted(origin)) return "";
  const isOne = Number(limit) === 1;
  if (origin === "string") return isOne ? " character" : " characters";
  return isOne ? " entry" : " entries";
}

/** Returns the refusal of a call, with the parameters that its tool has. */
export function badArguments(tool: string, input: z.ZodObject, faults: readonly string[]): AppError {
  const more = faults.length > MAX_FAULTS ? `; and ${faults.length - MAX_FAULTS} more` : "";
  const named = [...new Set(faults)].slice(0, MAX_FAULTS).join("; ");
  const parameters = Object.entries(input.shape).map(([name, type]) =>
    isOptional(type) ? name : `${name} (required)`,
  );
  return new AppError(
    "invalid_argument",
    `${tool}: ${named}${more}${named.endsWith("?") ? "" : "."}`,
    `Use its parameters: ${parameters.join(", ")}.`,
  );
}

function isOptional(type: unknown): boolean {
  return type instanceof ZodOptional || type instanceof ZodDefault;
}

const MAX_DEPTH = 64;
const MAX_VALUES = 20_000;

/**
 * Checks the shape of a tool's arguments before their content: depth, number of values, and characters that no path,
 * name or text may contain. Does not recurse.
 * @throws AppError `invalid_argument` naming the parameter
 */
export function checkSize(tool: string, args: object): void {
  let values = 0;
  for (const [parameter, top] of Object.entries(args)) {
    if (hasNul(parameter)) throw refuse(tool, "the name of a parameter", "contains a NUL character");
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
  return new AppError("invalid_argument", `${tool}: ${shorten(parameter, 60)} ${what}.`, "Correct it, and call again.");
}

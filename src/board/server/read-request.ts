import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import type { BoardRequest } from "./route.ts";

/** Returns the name of the task in the path of a request: its id, its topic, or the beginning of either. */
export function taskNameIn({ params }: Pick<BoardRequest, "params">): string {
  return params["id"] ?? "";
}

/** Returns the schema of a whole number in a query. */
export function wholeNumber(least = 0, most = Number.MAX_SAFE_INTEGER) {
  const range = `is not between ${least} and ${most}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,15}$/, "is not a whole number"),
    v.transform(Number),
    v.minValue(least, range),
    v.maxValue(most, range),
  );
}

/**
 * Reads the query of a request.
 * @throws AppError `invalid_argument` if its parameters have another form
 */
export function readQuery<T>(schema: v.GenericSchema<unknown, T>, { url }: Pick<BoardRequest, "url">): T {
  return parse(schema, Object.fromEntries(url.searchParams));
}

/**
 * Reads the body of an action.
 * @throws AppError `invalid_argument` if it is not JSON of this form
 */
export async function readActionBody<T>(schema: v.GenericSchema<unknown, T>, { request }: BoardRequest): Promise<T> {
  return parse(schema, await readJsonBody(request));
}

/**
 * Reads the body of a request; an empty one counts as an empty object.
 * @throws AppError `invalid_argument` if it is not JSON
 */
export async function readJsonBody(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError("invalid_argument", "The request is not valid JSON.", HINT, error);
  }
}

function parse<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const name = v.getDotPath(issue) ?? "the request";
  const fault = issue.message.startsWith("is ") ? issue.message : `is not valid: ${issue.message}`;
  throw new AppError("invalid_argument", `The value of ${name} ${fault}.`, HINT);
}

const HINT = "Reload the page and try again.";

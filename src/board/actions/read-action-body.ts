import * as v from "valibot";
import { AppError } from "#base/errors.ts";

/**
 * Reads the body of an action.
 * @throws AppError `invalid_argument` if it is not JSON of this form
 */
export async function readActionBody<T>(request: Request, schema: v.GenericSchema<unknown, T>): Promise<T> {
  const parsed = v.safeParse(schema, await readJsonBody(request));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue) ?? "the request";
  throw new AppError("invalid_argument", `The value of ${field} is not valid: ${issue.message}.`, HINT);
}

async function readJsonBody(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError("invalid_argument", "The request is not valid JSON.", HINT, error);
  }
}

const HINT = "Reload the page and try again.";

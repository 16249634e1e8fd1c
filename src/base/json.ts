import * as v from "valibot";

/** Parses a text that other programs, or other versions of this one, may have written; returns undefined unless it is JSON of this form. */
export function parseJsonAs<T>(schema: v.GenericSchema<unknown, T>, text: string | undefined): T | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return parsed.success ? parsed.output : undefined;
}

import { toFailure } from "#base/errors.ts";

/** What a check found. A warning is worth a look; with a problem, some tasks cannot work. */
export interface Finding {
  /** What was looked at; the same from version to version. */
  check: string;
  status: "ok" | "warning" | "problem";
  message: string;
  /** What to do; with every warning and problem. */
  mend?: string;
}

/** All is well. */
export function ok(check: string, message: string): Finding {
  return { check, status: "ok", message };
}

/** Worth a look. */
export function warning(check: string, message: string, mend: string): Finding {
  return { check, status: "warning", message, mend };
}

/** Some tasks cannot work. */
export function problem(check: string, message: string, mend: string): Finding {
  return { check, status: "problem", message, mend };
}

/** A refusal as what a check found. */
export function problemOf(check: string, thrown: unknown): Finding {
  const { message, hint } = toFailure(thrown);
  return problem(check, message, hint);
}

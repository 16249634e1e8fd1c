import { toFailure } from "#base/errors.ts";

/** Result of a check. A warning deserves attention; with a problem, some tasks cannot work. */
export interface Finding {
  /** Name of the check; stable across versions. */
  check: string;
  status: "ok" | "warning" | "problem";
  message: string;
  /** Fix; present with every warning and problem. */
  fix?: string;
}

/** Returns a finding without a problem. */
export function ok(check: string, message: string): Finding {
  return { check, status: "ok", message };
}

/** Returns a finding that deserves attention. */
export function warning(check: string, message: string, fix: string): Finding {
  return { check, status: "warning", message, fix };
}

/** Returns a finding with which some tasks cannot work. */
export function problem(check: string, message: string, fix: string): Finding {
  return { check, status: "problem", message, fix };
}

/** Converts a thrown error to a finding. */
export function problemOf(check: string, thrown: unknown): Finding {
  const { message, hint } = toFailure(thrown);
  return problem(check, message, hint);
}

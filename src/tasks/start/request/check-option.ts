import { AppError } from "#base/errors.ts";
import type { Config } from "#base/config.ts";
import type { CheckRequest } from "#domain/check.ts";
import type { Sandbox, TaskRequest } from "#domain/record.ts";

/** Check of a request, as the caller gives it. */
export interface CheckOptions {
  /** Shell command that checks the work; by default as configured, empty: none. */
  check?: string | undefined;
  /** Number of times that it may be run. */
  checkAttempts?: number | undefined;
}

const MAX_COMMAND = 4000;

/**
 * Checks the check of a request.
 * @throws AppError `invalid_argument`
 */
export function checkCheck({ check }: Config, request: CheckOptions & { sandbox: Sandbox }): void {
  const { checkAttempts, sandbox } = request;
  const command = (request.check ?? check)?.trim();
  if (request.check?.trim() && sandbox === "read-only") {
    throw new AppError(
      "invalid_argument",
      "check cannot be combined with sandbox read-only: there is no work to check.",
      "Omit check, or let the task change files.",
    );
  }
  if (checkAttempts !== undefined && !command) {
    throw new AppError("invalid_argument", "check_attempts needs a check.", "Pass check, or omit check_attempts.");
  }
  if (command === undefined || (command.length <= MAX_COMMAND && !command.includes("\0"))) return;
  const message = `check has more than ${MAX_COMMAND} characters, or a NUL character.`;
  throw new AppError("invalid_argument", message, "Put the commands into a script, and pass its name.");
}

/** Returns the check of a request that continues a task: that of the task, unless the request names another, or cannot have one. */
export function inheritCheck(
  { check, checkAttempts, sandbox }: CheckOptions & { sandbox: Sandbox },
  from: TaskRequest | undefined,
): CheckOptions {
  const earlier = from?.check_request;
  if (check !== undefined || earlier === undefined || sandbox === "read-only") return { check, checkAttempts };
  return { check: earlier.command, checkAttempts: checkAttempts ?? earlier.attempts };
}

/** Returns the field of a record for the check of a request; an empty object if it has none. */
export function checkRequestOf(
  { check }: Config,
  request: CheckOptions & { sandbox: Sandbox },
): { check_request?: CheckRequest } {
  const command = (request.check ?? check)?.trim();
  if (!command || request.sandbox === "read-only") return {};
  return { check_request: { command, attempts: request.checkAttempts ?? 1 } };
}

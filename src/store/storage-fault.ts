import { AppError, errnoOf } from "#base/errors.ts";

/**
 * Runs `work` on files of the state folder and reports a failed system call as a fault of the state folder. Identical errors elsewhere (an
 * unreadable workspace, a program that is not executable) are not such faults.
 * @throws AppError `state_unusable`
 */
export function inStateFolder<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStorageFault(error);
  }
}

/** Converts a failed system or database call to `state_unusable`; returns any other error unchanged. */
export function toStorageFault(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  if (error.name !== "SQLiteError" && errnoOf(error) === undefined) return error;
  return new AppError(
    "state_unusable",
    `The state folder cannot be used: ${error.message.replace(/\.$/, "")}.`,
    "Check that it (CODEXMCP_HOME, default ~/.codexmcp) is writable and that its disk is not full, or run codex-mcp-server doctor.",
    error,
  );
}

/**
 * Returns whether an error is a storage fault that may pass when space or permissions are restored: callers must not conclude anything from
 * it.
 */
export function isStorageFault(error: unknown): boolean {
  return error instanceof AppError
    ? error.code === "state_unusable"
    : error instanceof Error && error.name === "SQLiteError";
}

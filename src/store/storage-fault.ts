import { AppError, errnoOf } from "#base/errors.ts";

/**
 * Does something with files of the state folder; a failed system call there is a fault of the state folder.
 * The same errors elsewhere (a workspace that cannot be read, a program that is not executable) are not.
 * @throws AppError `state_unusable`
 */
export function inStateFolder<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStorageFault(error);
  }
}

/** Returns a failed system call or database call as `state_unusable`; any other error as it is. */
export function toStorageFault(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  if (error.name !== "SQLiteError" && errnoOf(error) === undefined) return error;
  return new AppError(
    "state_unusable",
    `The state folder cannot be used: ${error.message.replace(/\.$/, "")}.`,
    "Check that it (CODEXMCP_HOME, default ~/.codexmcp) is writable and that its disk is not full; codex-mcp-server doctor looks at it.",
    error,
  );
}

/** Whether a state folder's fault passes when there is room or rights again: nothing must be concluded from it. */
export function isStorageFault(error: unknown): boolean {
  return error instanceof AppError
    ? error.code === "state_unusable"
    : error instanceof Error && error.name === "SQLiteError";
}

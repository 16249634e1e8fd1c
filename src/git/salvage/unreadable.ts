import { AppError, errnoOf } from "#base/errors.ts";
import { shorten, quoteForShell } from "#base/text.ts";
import { describeSystemCall } from "#git/system-failure.ts";

/** Error for a file that changed while it was being saved: the worktree has to be read again. */
export class ChangedMeanwhileError extends Error {
  override readonly name = "ChangedMeanwhileError";
}

/** Maximum length of a path in a message, in characters. */
const MAX_SHOWN_PATH = 200;

/** Codes of system call errors that show that an existing file was removed or replaced. */
const CHANGED_MEANWHILE = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "EINVAL", "ENXIO"]);

/**
 * Returns the error for a failed system call on a path of a worktree, which cannot be saved if it cannot be read; any other
 * error unchanged.
 */
export function describeUnreadable(path: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (code === undefined || error instanceof AppError) return error;
  if (code === "ENAMETOOLONG") return tooDeep(path, error);
  return unreadableError(path, error);
}

/** Returns the error as {@link describeUnreadable} does, for a file that existed a moment ago. */
export function describeUnreadableNow(path: string, error: unknown): unknown {
  return CHANGED_MEANWHILE.has(errnoOf(error) ?? "")
    ? new ChangedMeanwhileError(path, { cause: error })
    : describeUnreadable(path, error);
}

/** Returns the error for a path that cannot be read, and so cannot be saved. @param path bytes that are not UTF-8 are U+FFFD */
export function unreadableError(path: string, cause?: unknown): AppError {
  const reason = cause === undefined ? "" : `: ${describeSystemCall(cause).reason}`;
  // A command is given only if it names the path exactly.
  const [chown, remove] = path.includes("\uFFFD")
    ? ["", ""]
    : [` (sudo chown -R "$(id -un)" ${quoteForShell(path)})`, ` (sudo rm -r ${quoteForShell(path)})`];
  return new AppError(
    "worktree_unusable",
    `${shorten(path, MAX_SHOWN_PATH)} cannot be read, so it cannot be saved${reason}. Nothing was changed.`,
    `Make it readable${chown} or remove it${remove}, then discard again.`,
    cause,
  );
}

function tooDeep(path: string, cause: unknown): AppError {
  return new AppError(
    "worktree_unusable",
    `The path ${shorten(path, MAX_SHOWN_PATH)} is too long to be saved. Nothing was changed.`,
    "Move or remove its deepest folders, then discard again.",
    cause,
  );
}

import { AppError, errnoOf } from "#base/errors.ts";
import { shorten, quoteForShell } from "#base/text.ts";

/** Error for a file that changed while it was being saved: the worktree has to be read again. */
export class ChangedMeanwhileError extends Error {
  override readonly name = "ChangedMeanwhileError";
}

/** Codes of system call errors that show that an existing file was removed or replaced. */
const CHANGED_MEANWHILE = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "EINVAL", "ENXIO"]);

/**
 * Returns the error for a failed system call on a path of a worktree, which cannot be saved if it cannot be read; any other
 * error unchanged.
 */
export function describeUnreadable(path: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (code === undefined || error instanceof AppError) return error;
  const shown = shorten(path, 200);
  const why = code === "ENAMETOOLONG" ? "is nested too deep to be named" : `cannot be read (${code})`;
  return unreadable(shown, why, error);
}

/** Returns the error as {@link describeUnreadable} does, for a file that existed a moment ago. */
export function describeUnreadableNow(path: string, error: unknown): unknown {
  return CHANGED_MEANWHILE.has(errnoOf(error) ?? "")
    ? new ChangedMeanwhileError(path, { cause: error })
    : describeUnreadable(path, error);
}

/** Returns the error for a path that cannot be read, and so cannot be saved. */
export function unreadable(path: string, why = "cannot be read", cause?: unknown): AppError {
  return new AppError(
    "worktree_unusable",
    `${path} ${why}, so it cannot be saved; nothing was changed.`,
    `Make it readable (sudo chown -R "$(id -un)" ${quoteForShell(path)}) or remove it (sudo rm -r ${quoteForShell(path)}), and discard again.`,
    cause,
  );
}

import { AppError, errnoOf } from "#base/errors.ts";
import { shorten, quoteForShell } from "#base/text.ts";

/** A file changed while it was saved: the worktree is to be looked at again. */
export class ChangedMeanwhileError extends Error {
  override readonly name = "ChangedMeanwhileError";
}

/** Failed system calls by which a file that was there shows that it has gone, or become something else. */
const CHANGED = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "EINVAL", "ENXIO"]);

/** Returns a failed system call on a path of a worktree in words; any other error as it is. What cannot be read cannot be saved. */
export function describeUnreadable(path: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (code === undefined || error instanceof AppError) return error;
  const shown = shorten(path, 200);
  const why = code === "ENAMETOOLONG" ? "is nested too deep to be named" : `cannot be read (${code})`;
  return unreadable(shown, why, error);
}

/** Returns what {@link describeUnreadable} does, for a file that had been there a moment before. */
export function describeUnreadableNow(path: string, error: unknown): unknown {
  return CHANGED.has(errnoOf(error) ?? "")
    ? new ChangedMeanwhileError(path, { cause: error })
    : describeUnreadable(path, error);
}

/** Returns the refusal of what cannot be read, and so not saved. */
export function unreadable(path: string, why = "cannot be read", cause?: unknown): AppError {
  return new AppError(
    "worktree_unusable",
    `${path} ${why}, so it cannot be saved; nothing was changed.`,
    `Make it readable (sudo chown -R "$(id -un)" ${quoteForShell(path)}) or remove it (sudo rm -r ${quoteForShell(path)}), and discard again.`,
    cause,
  );
}

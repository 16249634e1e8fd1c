import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { tryReadText } from "#platform/files/read-file.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";
import { findGitFolders } from "./git-folders.ts";
import type { GitResult } from "./git.ts";
import { type GitEnvironment, GIT_FILES_DEADLINE_MS, type GitLimits, runGit, startGit } from "./run-git.ts";

/**
 * Runs git to its end, whatever its exit status and whatever becomes of this process: for what must be done whole.
 * Its messages go to a file, since no reader of a pipe may be left.
 * @throws AppError as `tryGit` does
 */
export async function tryLastingGit(folder: string, args: readonly string[]): Promise<Omit<GitResult, "stdout">> {
  const fallback = findGitFolders(folder)?.gitDir ?? folder;
  return withTemporaryFolder({ fallback }, async (temporary) => {
    const said = join(temporary, "said");
    const file = openSync(said, "wx", 0o600);
    try {
      const files = { outputFile: file, errorFile: file };
      const result = await runGit(folder, args, { ...files, outlivesUs: true, deadlineMs: GIT_FILES_DEADLINE_MS });
      return { exitCode: result.exitCode ?? -1, stderr: (tryReadText(said) ?? "").trim() };
    } finally {
      closeSync(file);
    }
  });
}

/** End of a git command that was run as the user would run it. */
export interface UsersGitResult {
  /** Undefined where it was ended by a signal. */
  exitCode: number | undefined;
  /** Why it was ended before its time: the deadline was over, or somebody asked for it. */
  ended: "deadline" | "request" | undefined;
  /** What it and the repository's hooks said, together; of very much, the beginning and the end. */
  said: string;
}

/**
 * Runs git as the user would, whatever becomes of it, with the repository's hooks.
 * @throws AppError `git_missing`, `repository_unusable`
 */
export async function tryUsersGit(
  folder: string,
  args: readonly string[],
  environment: GitEnvironment,
  limits: GitLimits,
): Promise<UsersGitResult> {
  if (limits.signal?.aborted === true) return { exitCode: undefined, ended: "request", said: "" };
  const program = startGit(folder, args, { ...limits, environment, isUsers: true });
  // A hook that reads its input finds the end of it.
  await program.stdin.end();
  const { exitCode, timedOut, aborted, stdout, stderr } = await program.ended;
  const ended = timedOut ? "deadline" : aborted ? "request" : undefined;
  return { exitCode, ended, said: `${stdout.toString()}${stderr.toString()}`.trim() };
}

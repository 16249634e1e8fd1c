import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { tryReadText } from "#platform/files/read-file.ts";
import { withTemporaryFolder } from "#platform/files/temporary.ts";
import { findGitFolders } from "./git-folders.ts";
import type { GitResult } from "./git.ts";
import { GIT_FILES_DEADLINE_MS, type GitEnvironment, type GitLimits, runGit, startGit } from "./run-git.ts";

/**
 * Runs git to its end, whatever its exit status, and even if this process ends: for operations that must not be interrupted.
 * Its messages go to a file, since the reader of a pipe might be gone.
 * @throws AppError as `tryGit` does
 */
export async function tryDetachedGit(folder: string, args: readonly string[]): Promise<Omit<GitResult, "stdout">> {
  const fallback = findGitFolders(folder)?.gitDir ?? folder;
  return withTemporaryFolder({ fallback }, async (temporary) => {
    const outputPath = join(temporary, "output");
    const file = openSync(outputPath, "wx", 0o600);
    try {
      const files = { outputFile: file, errorFile: file };
      const result = await runGit(folder, args, { ...files, outlivesUs: true, deadlineMs: GIT_FILES_DEADLINE_MS });
      return { exitCode: result.exitCode ?? -1, stderr: (tryReadText(outputPath) ?? "").trim() };
    } finally {
      closeSync(file);
    }
  });
}

/** Result of a git command that was run as the user would run it. */
export interface UsersGitResult {
  /** Exit status; undefined if a signal ended it. */
  exitCode: number | undefined;
  /** Reason why it was stopped early: the deadline passed, or a request. */
  stoppedBy: "deadline" | "request" | undefined;
  /** Output of the command and of the repository's hooks; if very long, its beginning and end. */
  output: string;
}

/**
 * Runs git as the user would, with the repository's hooks, even if this process ends.
 * @throws AppError `git_missing`, `repository_unusable`
 */
export async function tryUsersGit(
  folder: string,
  args: readonly string[],
  environment: GitEnvironment,
  limits: GitLimits,
): Promise<UsersGitResult> {
  if (limits.signal?.aborted === true) return { exitCode: undefined, stoppedBy: "request", output: "" };
  const program = startGit(folder, args, { ...limits, environment, isUsers: true });
  // A hook that reads its input gets an end of file.
  await program.stdin.end();
  const { exitCode, timedOut, aborted, stdout, stderr } = await program.ended;
  const stoppedBy = timedOut ? "deadline" : aborted ? "request" : undefined;
  return { exitCode, stoppedBy, output: `${stdout.toString()}${stderr.toString()}`.trim() };
}

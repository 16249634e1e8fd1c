import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "#lib/paths.ts";
import { tryReadText } from "#lib/read-file.ts";
import { findGitFolders } from "./git-folders.ts";
import type { GitResult } from "./git.ts";
import { type GitEnvironment, GIT_FILES_DEADLINE_MS, type GitLimits, runGit } from "./run-git.ts";

/**
 * Runs git whatever its exit status and whatever becomes of this process: what must be done whole goes on.
 * What it says goes to a file of its own, since nobody may be there to hear it.
 * @throws AppError as `tryGit` does
 */
export async function tryLastingGit(folder: string, args: readonly string[]): Promise<Omit<GitResult, "stdout">> {
  const otherwise = findGitFolders(folder)?.gitDir ?? folder;
  const said = join(temporaryFolder(otherwise), `codexmcp-git-${process.pid}-${crypto.randomUUID()}`);
  const file = openSync(said, "wx", 0o600);
  try {
    const files = { outputFile: file, errorFile: file };
    const result = await runGit(folder, args, { ...files, outlivesUs: true, deadlineMs: GIT_FILES_DEADLINE_MS });
    return { exitCode: result.exitCode ?? -1, stderr: (tryReadText(said) ?? "").trim() };
  } finally {
    closeSync(file);
    rmSync(said, { force: true });
  }
}

/**
 * Runs git as the user would, whatever its exit status, with the repository's hooks; what it and they say comes together.
 * @returns no exit code where it was ended by a signal
 * @throws AppError as `tryGit` does, `git_failed` where it takes too long
 */
export async function tryUsersGit(
  folder: string,
  args: readonly string[],
  environment: GitEnvironment,
  limits: GitLimits,
): Promise<{ exitCode: number | undefined; said: string }> {
  const result = await runGit(folder, args, { ...limits, environment, isUsers: true });
  return { exitCode: result.exitCode, said: `${result.stdout.toString()}${result.stderr.toString()}`.trim() };
}
